/* A Cortex-M3 in QEMU from reset to main(): memory, semihosting, the board's counter. */
#include <stddef.h>
#include <stdint.h>

#include "m3.h"

extern uint32_t data_load[], data_start[], data_end[], bss_start[], bss_end[], stack_top[];

#define BOARD_COUNTER (*(volatile uint32_t *)0x40028018u) /* 25 MHz */

static int semihost(int operation, const void *argument)
{
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void m3_write(const char *text)
{
    (void)semihost(0x04, text); /* SYS_WRITE0 */
}

void m3_exit(int code)
{
    const uint32_t words[2] = {0x20026, (uint32_t)code};
    (void)semihost(0x20, words); /* SYS_EXIT_EXTENDED */
    for (;;) {
    }
}

uint32_t m3_counter(void)
{
    return BOARD_COUNTER;
}

void reset(void);
void reset(void)
{
    for (uint32_t *from = data_load, *to = data_start; to < data_end;)
        *to++ = *from++;
    for (uint32_t *to = bss_start; to < bss_end;)
        *to++ = 0;
    m3_exit(m3_main());
}

static void fault(void)
{
    m3_exit(99);
}

typedef void (*vector)(void);
/* The stack's top, reset, NMI and four faults. */
__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    vector handlers[6];
} vectors = {stack_top, {reset, fault, fault, fault, fault, fault}};
