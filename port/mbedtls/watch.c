/* The server's half of a handshake, as far as it can be read. */
#include "watch.h"

enum { CHANGE_CIPHER_SPEC = 20, ALERT = 21, HANDSHAKE = 22 };
enum { SERVER_HELLO = 2, CERTIFICATE_REQUEST = 13, ALERT_FATAL = 2 };

static void take_handshake(struct berth_mbedtls_watch *w, uint8_t byte)
{
    if (w->message_len < sizeof w->message)
        w->message[w->message_len] = byte;
    w->message_len++;
    if (w->message_len < 4)
        return;
    if (w->message_len == 4) {
        w->message_left = (size_t)w->message[1] << 16 | (size_t)w->message[2] << 8 | w->message[3];
        if (w->message[0] == CERTIFICATE_REQUEST)
            w->wants_client_cert = true;
    } else {
        w->message_left--;
        if (w->message_len == 6 && w->message[0] == SERVER_HELLO) {
            w->server_hello = true;
            w->version = (uint16_t)(w->message[4] << 8 | w->message[5]);
        }
    }
    if (w->message_left == 0)
        w->message_len = 0;
}

static void take_body(struct berth_mbedtls_watch *w, uint8_t byte)
{
    if (w->head[0] == HANDSHAKE) {
        take_handshake(w, byte);
    } else if (w->head[0] == ALERT && w->alert_len < 2) {
        w->alert_bytes[w->alert_len++] = byte;
        if (w->alert_len == 2 && w->alert_bytes[0] == ALERT_FATAL) {
            w->alert = true;
            w->alert_code = byte;
        }
    }
}

void berth_mbedtls_watch_feed(struct berth_mbedtls_watch *w, const void *bytes, size_t len)
{
    const uint8_t *p = bytes;

    for (; len > 0; len--, p++) {
        if (w->first_len < sizeof w->first)
            w->first[w->first_len++] = *p;
        else if (w->over)
            return;
        if (w->over)
            continue;
        if (w->body_left > 0) {
            w->body_left--;
            take_body(w, *p);
            if (w->body_left == 0)
                w->head_len = 0;
            continue;
        }
        w->head[w->head_len++] = *p;
        if (w->head_len == 1 && (*p < CHANGE_CIPHER_SPEC || *p > HANDSHAKE + 1))
            w->not_tls = w->over = true;
        if (w->head_len < sizeof w->head)
            continue;
        w->body_left = (size_t)w->head[3] << 8 | w->head[4];
        w->alert_len = 0;
        if (w->head[0] == CHANGE_CIPHER_SPEC)
            w->over = true;
        if (w->body_left == 0)
            w->head_len = 0;
    }
}
