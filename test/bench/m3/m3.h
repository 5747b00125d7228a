/* What the board gives to a program. */
#ifndef BENCH_M3_H
#define BENCH_M3_H

#include <stdint.h>

/* The program. */
int m3_main(void);
void m3_write(const char *text);
void m3_exit(int code);
/* 25 MHz of virtual time: with QEMU's -icount shift=0 one tick is 40 instructions. */
uint32_t m3_counter(void);
#define M3_INSTRUCTIONS_A_TICK 40u

#endif
