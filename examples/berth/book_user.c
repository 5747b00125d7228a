/* berth book: who books. Ids, logging in, the first visit, passwords, kept options. */
#include "book.h"

#include "files.h"
#include "table.h"

#include <string.h>

/* Three prompts in all. */
enum { LOGIN_PROMPTS = 3 };

/* A secret into BUF. One that is too long is one that nobody has, and no rule accepts. */
static int ask_secret(struct book *b, const char *question, char buf[BERTH_PASSWORD_MAX],
                      struct berth_text *out_answer)
{
    enum prompt_end end = prompt_secret(&b->prompt, question, buf, BERTH_PASSWORD_MAX, out_answer);
    switch (end) {
    case PROMPT_ANSWER:
        return BOOK_GO;
    case PROMPT_LONG:
        berth_wipe(buf, BERTH_PASSWORD_MAX);
        *out_answer = BERTH_TEXT("");
        return BOOK_GO;
    case PROMPT_OVER:
    case PROMPT_INTERRUPTED:
        break;
    }
    return book_no_answer(b, end);
}

int book_find_user(struct book *b)
{
    size_t len;
    if (args_given(&b->app->args, OPT_USER_ID)) {
        b->answer = berth_text_of(b->app->args.value[OPT_USER_ID]);
    } else {
        int code = book_ask(b, BOOK_T1);
        if (code != BOOK_GO)
            return code;
    }
    enum berth_refusal refusal = berth_booking_user_id(b->answer, b->id_room, &len);
    b->id = berth_text_make(b->id_room, len);
    if (refusal != BERTH_REFUSAL_NONE || !berth_capability_allows(&b->folder->capability, b->id)) {
        book_say(b, COLOUR_RED, BOOK_T2);
        return HOST_REFUSED;
    }
    b->user = folder_user_add(b->folder, b->id);
    if (b->user == FOLDER_NO_USER)
        return fail(b->app, (enum exit_code)HOST_FILES, "more users than this program holds", NULL);
    return BOOK_GO;
}

int book_log_in(struct book *b)
{
    char buf[BERTH_PASSWORD_MAX];
    for (unsigned i = 0; i < LOGIN_PROMPTS; i++) {
        struct berth_text password;
        bool right = false;
        int code = ask_secret(b, i == 0 ? BOOK_S1 : BOOK_S2, buf, &password);
        if (code == BOOK_GO) {
            const struct berth_user *user = folder_user_config(b->folder, b->id);
            enum berth_status status = berth_password_check(&b->crypt, user->password, password, &right);
            if (status != BERTH_OK)
                code = fail(b->app, (enum exit_code)HOST_FILES, "the password cannot be checked",
                            berth_status_name(status));
        }
        berth_wipe(buf, sizeof buf);
        if (code != BOOK_GO || right)
            return code;
    }
    book_say(b, COLOUR_NONE, BOOK_S3);
    return HOST_REFUSED;
}

/* S16, S17, and the hash into OUT; *out_good false: refused, S18 was shown. */
static int new_password(struct book *b, struct berth_writer *out, bool *out_good)
{
    char first[BERTH_PASSWORD_MAX], second[BERTH_PASSWORD_MAX];
    struct berth_text password, again;
    *out_good = false;
    int code = ask_secret(b, BOOK_S16, first, &password);
    if (code == BOOK_GO)
        code = ask_secret(b, BOOK_S17, second, &again);
    if (code == BOOK_GO) {
        *out_good = berth_booking_password(password, again) == BERTH_REFUSAL_NONE;
        if (!*out_good) {
            book_say(b, COLOUR_RED, BOOK_S18);
        } else {
            enum berth_status status = berth_password_hash(&b->crypt, program_rand(), password, out);
            if (status != BERTH_OK)
                code = fail(b->app, (enum exit_code)HOST_FILES, "the password cannot be stored",
                            berth_status_name(status));
        }
    }
    berth_wipe(first, sizeof first);
    berth_wipe(second, sizeof second);
    return code;
}

/* ---- The user's entry ---- */

/* Takes the lock and reads the users afresh; *out_user is the entry, or an empty one. On anything but BOOK_GO
 * the lock is given back. */
static int begin_entry(struct book *b, struct berth_user *out_user)
{
    memset(out_user, 0, sizeof *out_user);
    int code = folder_begin(b->folder);
    if (code == 0)
        code = folder_load_users(b->folder);
    if (code != 0) {
        folder_end(b->folder);
        return code;
    }
    const struct berth_user *old = folder_user_config(b->folder, b->id);
    if (old != NULL)
        *out_user = *old;
    out_user->id = b->id;
    return BOOK_GO;
}

/* The same for an entry that is there already: one that was taken away is not made up from a part of it. */
static int begin_own_entry(struct book *b, struct berth_user *out_user)
{
    int code = begin_entry(b, out_user);
    if (code != BOOK_GO || folder_user_config(b->folder, b->id) != NULL)
        return code;
    folder_end(b->folder);
    book_say(b, COLOUR_RED, BOOK_T2);
    return HOST_REFUSED;
}

static int save_entry(struct book *b, const struct berth_user *user)
{
    int code = folder_save_user(b->folder, user);
    folder_end(b->folder);
    return code == 0 ? BOOK_GO : code;
}

int book_change_password(struct book *b, bool *out_stored)
{
    char hash[BERTH_PASSWORD_HASH_MAX];
    struct berth_writer w;
    struct berth_user user;
    berth_writer_init(&w, hash, sizeof hash);
    int code = new_password(b, &w, out_stored);
    if (code != BOOK_GO || !*out_stored)
        return code;
    code = begin_own_entry(b, &user);
    if (code != BOOK_GO)
        return code;
    user.password = berth_writer_text(&w);
    return save_entry(b, &user);
}

int book_keep_options(struct book *b, bool *out_port_taken)
{
    struct berth_user user;
    int code = begin_own_entry(b, &user);
    if (code != BOOK_GO)
        return code;
    *out_port_taken = false;
    for (size_t i = 0; i < b->folder->owner_count; i++)
        *out_port_taken =
            *out_port_taken || (b->folder->owners[i].port == b->port && b->folder->owners[i].user != b->user);
    if (*out_port_taken) {
        folder_end(b->folder);
        return BOOK_GO;
    }
    user.forward_port = b->port;
    user.image = b->image;
    user.extra_command = b->command;
    return save_entry(b, &user);
}

/* ---- The first visit ---- */

/* A port that is neither configured for nor booked by anybody else. */
static int find_port(struct book *b, uint16_t *out_port)
{
    static struct berth_port_owner taken[FOLDER_PEOPLE + FOLDER_ROWS];
    const struct folder *f = b->folder;
    size_t count = 0;
    uint32_t random;
    if (program_rand()->fill(program_rand()->ctx, &random, sizeof random) != BERTH_OK)
        return fail(b->app, (enum exit_code)HOST_FILES, "no random numbers to be had for a port", NULL);
    for (size_t i = 0; i < f->owner_count; i++)
        taken[count++] = f->owners[i];
    for (size_t i = 0; i < f->schedule.count; i++)
        taken[count++] = (struct berth_port_owner){f->schedule.rows[i].user, f->schedule.rows[i].port};
    enum berth_refusal refusal = berth_booking_free_port(random, taken, count, out_port);
    if (refusal != BERTH_REFUSAL_NONE)
        return fail(b->app, (enum exit_code)HOST_FILES, berth_refusal_text(refusal), NULL);
    return BOOK_GO;
}

/* "BASE/ID" in ROOM. */
static struct berth_text own_folder(const struct book *b, char room[FOLDER_PATH], struct berth_text base)
{
    struct berth_writer w;
    berth_writer_init(&w, room, FOLDER_PATH);
    while (base.len > 1 && base.ptr[base.len - 1] == '/')
        base.len--;
    berth_put_text(&w, base);
    if (base.len > 1)
        berth_put_char(&w, '/');
    berth_put_text(&w, b->id);
    return berth_writer_text(&w);
}

static void show_entry(struct book *b, const struct berth_user *user)
{
    struct out *out = &b->app->out;
    char port[8];
    struct berth_writer w;
    berth_writer_init(&w, port, sizeof port);
    berth_put_u64(&w, user->forward_port);
    record_line(out, "Account", b->id);
    record_line(out, "Forward port", berth_writer_text(&w));
    record_line(out, "Image", user->image.ptr != NULL ? user->image : BERTH_TEXT(BERTH_DEFAULT_IMAGE));
    record_line(out, "Extra command",
                user->extra_command.ptr != NULL ? user->extra_command : BERTH_TEXT("None"));
}

/* Writes the entry; BOOK_GO with *out_late when somebody else made one meanwhile. */
static int enter(struct book *b, struct berth_text hash, bool *out_late)
{
    char work[FOLDER_PATH], backup[FOLDER_PATH];
    struct berth_user user;
    int code = begin_entry(b, &user);
    if (code != BOOK_GO)
        return code;
    *out_late = folder_user_config(b->folder, b->id) != NULL;
    if (*out_late) {
        folder_end(b->folder);
        return BOOK_GO;
    }
    int loaded = folder_load_rows(b->folder);
    code = loaded == 0 ? find_port(b, &user.forward_port) : loaded;
    if (code != BOOK_GO) {
        folder_end(b->folder);
        return code;
    }
    const struct berth_host_config *host = &b->folder->host;
    user.password = hash;
    user.volume_work_dir = own_folder(b, work, host->volume_work_dir);
    user.volume_dataset_dir = host->volume_dataset_dir;
    user.volume_backup_dir = own_folder(b, backup, host->volume_backup_dir);
    code = save_entry(b, &user);
    if (code == BOOK_GO)
        show_entry(b, &user);
    return code;
}

int book_welcome(struct book *b)
{
    char hash[BERTH_PASSWORD_HASH_MAX];
    struct berth_writer w;
    bool good = false, late = false;
    book_say(b, COLOUR_YELLOW, BOOK_T3);
    while (!good) {
        berth_writer_init(&w, hash, sizeof hash);
        int code = new_password(b, &w, &good);
        if (code != BOOK_GO)
            return code;
    }
    int code = enter(b, berth_writer_text(&w), &late);
    return code == BOOK_GO && late ? book_log_in(b) : code;
}
