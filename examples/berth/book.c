/* berth book: book a share of the host, restart one's container, list what is booked. */
#include "book.h"

#include "commands.h"
#include "schedule_command.h"

#include "berth/port_mbedtls.h"

#include <string.h>
#include <unistd.h>

/* ---- Lines ---- */

void book_say(struct book *b, enum colour colour, const char *text)
{
    struct out *out = &b->app->out;
    if (colour != COLOUR_NONE)
        out_colour(out, colour);
    out_safe(out, berth_text_of(text));
    if (colour != COLOUR_NONE)
        out_colour(out, COLOUR_NONE);
    out_string(out, "\n");
}

int book_no_answer(struct book *b, enum prompt_end end)
{
    if (end == PROMPT_OVER && isatty(b->prompt.fd) != 1) /* nobody who ended it by a key */
        return fail(b->app, (enum exit_code)HOST_REFUSED, "the input ended before the last answer", NULL);
    return HOST_REFUSED;
}

int book_ask(struct book *b, const char *question)
{
    enum prompt_end end = prompt_ask(&b->prompt, question, b->line, sizeof b->line, &b->answer);
    switch (end) {
    case PROMPT_ANSWER:
        b->answer = berth_text_trim(b->answer);
        return BOOK_GO;
    case PROMPT_LONG:
        b->answer = BERTH_TEXT("\x7F");
        return BOOK_GO;
    case PROMPT_OVER:
    case PROMPT_INTERRUPTED:
        break;
    }
    return book_no_answer(b, end);
}

int book_ask_yes(struct book *b, const char *question, bool *out_yes)
{
    static const struct {
        struct berth_text word;
        bool yes;
    } WORDS[] = {
        {BERTH_TEXT_INIT("y"), true},  {BERTH_TEXT_INIT("yes"), true}, {BERTH_TEXT_INIT("1"), true},
        {BERTH_TEXT_INIT("n"), false}, {BERTH_TEXT_INIT("no"), false}, {BERTH_TEXT_INIT("not"), false},
        {BERTH_TEXT_INIT("0"), false},
    };
    char line[80];
    struct berth_writer w;
    berth_writer_init(&w, line, sizeof line);
    berth_put_string(&w, question);
    berth_put_string(&w, " [y/n]: ");
    if (berth_writer_terminate(&w) != BERTH_OK)
        return EXIT_USAGE; /* questions are shorter */
    for (;;) {
        int code = book_ask(b, line);
        if (code != BOOK_GO)
            return code;
        for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
            if (berth_text_equal_nocase(b->answer, WORDS[i].word)) {
                *out_yes = WORDS[i].yes;
                return BOOK_GO;
            }
        }
        book_say(b, COLOUR_RED, BOOK_S7);
    }
}

/* ---- Listing and restarting ---- */

/* Without a login: when what is held, and by whom. */
static int list(struct book *b)
{
    int code = folder_load_rows(b->folder);
    if (code != 0)
        return code;
    schedule_print_rows(b->app, b->folder, -BERTH_SCHEDULE_TIME_MAX, BERTH_SCHEDULE_TIME_MAX, FOLDER_NO_USER);
    out_flush(&b->app->out);
    return folder_refuse_bad_rows(b->folder);
}

static bool is_running(const struct book *b)
{
    const struct berth_schedule *schedule = &b->folder->schedule;
    for (size_t i = 0; i < schedule->count; i++)
        if (schedule->rows[i].user == b->user && (schedule->rows[i].flags & BERTH_BOOKING_USING) != 0)
            return true;
    return false;
}

static int restart(struct book *b)
{
    struct folder *f = b->folder;
    int code = folder_begin(f);
    if (code == 0)
        code = folder_load_rows(f);
    if (code == 0 && !is_running(b)) {
        book_say(b, COLOUR_RED, BOOK_T5);
        code = HOST_REFUSED;
    } else if (code == 0) {
        enum berth_status status = f->store.notify(f->store.ctx, b->id);
        if (status == BERTH_OK)
            book_say(b, COLOUR_GREEN, BOOK_T4);
        else
            code = folder_fail(f, status, "the container is not restarted");
    }
    folder_end(f);
    return code;
}

/* ---- The whole ---- */

static int run(struct book *b)
{
    const struct args *args = &b->app->args;
    if (args_given(args, OPT_LIST_SCHEDULE))
        return list(b);
    int code = book_find_user(b);
    if (code != BOOK_GO)
        return code;
    bool restarts = args_given(args, OPT_RESTART);
    if (folder_user_config(b->folder, b->id) != NULL)
        code = book_log_in(b);
    else if (!restarts)
        code = book_welcome(b);
    if (code != BOOK_GO)
        return code;
    return restarts ? restart(b) : book_make(b);
}

int book_run(struct app *app)
{
    static struct book book;
    static struct folder folder;
    const struct folder_options options = {.path = app->args.value[OPT_CONFIG],
                                           .now = app->args.value[OPT_NOW],
                                           .code = (enum exit_code)HOST_FILES,
                                           .users_optional = args_given(&app->args, OPT_LIST_SCHEDULE)};
    book.app = app;
    book.folder = &folder;
    book.crypt = berth_mbedtls_crypt();
    prompt_init(&book.prompt, &app->out);
    int code = folder_open(&folder, app, &options);
    if (code == 0)
        code = run(&book);
    prompt_end(&book.prompt);
    berth_wipe(book.line, sizeof book.line);
    folder_close(&folder);
    return code;
}
