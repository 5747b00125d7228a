/* Messages about containers, put together. */
#include "events.h"

void event(const struct events *events, enum event_level level, const char *sign, struct berth_text who,
           const char *what, struct berth_text detail)
{
    char message[2048];
    struct berth_writer w;
    berth_writer_init(&w, message, sizeof message);
    berth_put_text(&w, berth_text_slice(who, 0, 128));
    berth_put_string(&w, ": ");
    berth_put_string(&w, what);
    if (detail.len > 0) {
        berth_put_string(&w, ": ");
        berth_put_text(&w, berth_text_slice(detail, 0, 1024));
    }
    struct berth_text text = berth_writer_text(&w);
    events->say(events->ctx, level, sign, text.len > 0 ? text : berth_text_of(what));
}
