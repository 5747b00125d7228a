/* Whom to trust: certificates, revocation lists, pins and keys from the common options. */
#ifndef BERTH_PROGRAM_TRUST_H
#define BERTH_PROGRAM_TRUST_H

#include "app.h"

#include "berth/port_mbedtls.h"

/* Fills in the trust part of CONFIG, for an address that is https when HTTPS. Files are read once a process
 * and kept. 0, or an exit code (reported). */
int trust_load(struct app *app, bool https, struct berth_mbedtls_config *config);
/* Wipes the private key; for the program's end. */
void trust_forget(void);

#endif
