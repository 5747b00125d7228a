/* berth gpu: the machine's GPUs, how they are linked, and choosing among them. */
#include "app.h"
#include "commands.h"
#include "gpu_wishes.h"
#include "table.h"

static void put_known_text(struct berth_json_writer *w, const char *name, const char *text)
{
    berth_json_put_name(w, berth_text_of(name));
    if (text[0] != '\0' && berth_text_is_utf8(berth_text_of(text), NULL))
        berth_json_put_text(w, berth_text_of(text));
    else
        berth_json_put_null(w);
}

static void put_known_number(struct berth_json_writer *w, const char *name, int number)
{
    berth_json_put_name(w, berth_text_of(name));
    if (number >= 0)
        berth_json_put_i64(w, number);
    else
        berth_json_put_null(w);
}

static void print_gpu_json(struct out *out, size_t id, const struct berth_posix_gpu *gpu)
{
    char line[2048]; /* texts of some 360 bytes, each at most six times as long when escaped */
    struct berth_writer buffer;
    struct berth_json_writer w;
    berth_writer_init(&buffer, line, sizeof line);
    berth_json_writer_init(&w, &buffer);
    berth_json_begin_object(&w);
    put_known_number(&w, "gpu", (int)id);
    put_known_text(&w, "address", gpu->address);
    put_known_number(&w, "numa_node", gpu->numa_node);
    put_known_number(&w, "minor", gpu->minor);
    put_known_text(&w, "model", gpu->model);
    put_known_text(&w, "uuid", gpu->uuid);
    put_known_text(&w, "path", gpu->path);
    berth_json_end_object(&w);
    out_text(out, berth_writer_text(&buffer));
    out_string(out, "\n");
}

static struct berth_text number_text(char *buf, size_t size, int number)
{
    struct berth_writer w;
    berth_writer_init(&w, buf, size);
    if (number >= 0)
        berth_put_i64(&w, number);
    else
        berth_put_char(&w, '-');
    return berth_writer_text(&w);
}

int gpu_list(struct app *app)
{
    static const struct column columns[] = {{"GPU", 3, true},
                                            {"ADDRESS", 12, false},
                                            {"NUMA", 4, true},
                                            {"MODEL", 24, false},
                                            {"UUID", 0, false}};
    struct table table;
    char id[16], numa[16];
    const struct machine *machine;
    int code = machine_find(app, true, &machine);
    if (code != 0)
        return code;
    table_init(&table, &app->out, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < machine->count; i++) {
        const struct berth_posix_gpu *gpu = &machine->gpus[i];
        if (app->json) {
            print_gpu_json(&app->out, i, gpu);
            continue;
        }
        const struct berth_text cells[] = {number_text(id, sizeof id, (int)i), berth_text_of(gpu->address),
                                           number_text(numa, sizeof numa, gpu->numa_node),
                                           berth_text_of(gpu->model[0] != '\0' ? gpu->model : "-"),
                                           berth_text_of(gpu->uuid[0] != '\0' ? gpu->uuid : "-")};
        table_row(&table, cells);
    }
    if (machine->count == 0 && app->err.terminal && !app->quiet)
        out_string(&app->err, "(none)\n"); /* for who wonders at an empty screen */
    return EXIT_DONE;
}

/* ---- links ------------------------------------------------------------------------------------ */

static void print_links_json(struct out *out, const struct berth_gpu_links *links)
{
    bool any = false;
    out_string(out, "{\"gpus\":");
    out_u64(out, links->gpus);
    out_string(out, ",\"links\":[");
    for (unsigned a = 0; a < links->gpus; a++)
        for (unsigned b = a + 1; b < links->gpus; b++) {
            unsigned nvlinks;
            enum berth_gpu_path path = berth_gpu_pair_path(links, a, b, &nvlinks);
            if (path == BERTH_GPU_PATH_NONE && nvlinks == 0)
                continue;
            out_string(out, any ? ",{\"a\":" : "{\"a\":");
            any = true;
            out_u64(out, a);
            out_string(out, ",\"b\":");
            out_u64(out, b);
            if (path != BERTH_GPU_PATH_NONE) {
                out_string(out, ",\"pcie\":\"");
                out_string(out, berth_gpu_path_name(path));
                out_string(out, "\"");
            }
            out_string(out, ",\"nvlink\":");
            out_u64(out, nvlinks);
            out_string(out, "}");
        }
    out_string(out, "]}\n");
}

static void put_link(struct berth_writer *w, const struct berth_gpu_links *links, unsigned a, unsigned b)
{
    unsigned nvlinks;
    enum berth_gpu_path path = berth_gpu_pair_path(links, a, b, &nvlinks);
    if (a == b)
        berth_put_char(w, 'X');
    else if (nvlinks > 0) { /* as nvidia-smi does, the path is not told then */
        berth_put_string(w, "NV");
        berth_put_u64(w, nvlinks);
    } else
        berth_put_string(w, path == BERTH_GPU_PATH_NONE ? "N/A" : berth_gpu_path_name(path));
}

int gpu_links(struct app *app)
{
    enum { CELL = 7 };
    struct berth_gpu_links links;
    int code = links_load(app, true, &links);
    if (code != 0)
        return code;
    if (app->json) {
        print_links_json(&app->out, &links);
        return EXIT_DONE;
    }
    if (links.gpus == 0 && app->err.terminal && !app->quiet)
        out_string(&app->err, "(none)\n");
    for (unsigned a = 0; a <= links.gpus && links.gpus > 0; a++) { /* line 0: the columns' names */
        char cell[16];
        struct berth_writer w;
        for (unsigned b = 0; b <= links.gpus; b++) {
            berth_writer_init(&w, cell, sizeof cell);
            if ((a == 0) != (b == 0)) {
                berth_put_string(&w, "GPU");
                berth_put_u64(&w, (a == 0 ? b : a) - 1);
            } else if (a > 0) {
                put_link(&w, &links, a - 1, b - 1);
            }
            struct berth_text text = berth_writer_text(&w);
            out_text(&app->out, text);
            if (b < links.gpus)
                out_repeat(&app->out, ' ', CELL - text.len);
        }
        out_string(&app->out, "\n");
    }
    return EXIT_DONE;
}

/* ---- choosing --------------------------------------------------------------------------------- */

struct assignment {
    struct gpu_wishes wishes;
    uint64_t count; /* may be more than any host has */
};

/* The question as the options put it; 0 or an exit code (reported). */
static int read_question(struct app *app, struct assignment *a)
{
    const struct args *args = &app->args;
    struct berth_gpu_question *q = &a->wishes.question;
    uint64_t free = 0;
    if (!args_given(args, OPT_NUMBER))
        return fail(app, EXIT_USAGE, "--count is needed: how many GPUs are to be chosen", NULL);
    if (berth_parse_u64(berth_text_of(args->value[OPT_NUMBER]), &a->count) != BERTH_OK)
        return fail(app, EXIT_USAGE, "--count is a whole number", args->value[OPT_NUMBER]);
    int code = wishes_list(app, OPT_FREE, args->value[OPT_FREE], &free);
    code = code == 0 ? wishes_read(app, !args_given(args, OPT_FREE), &a->wishes) : code;
    if (code != 0)
        return code;
    q->count = a->count > BERTH_GPU_MAX ? BERTH_GPU_MAX + 1 : (unsigned)a->count;
    q->free = args_given(args, OPT_FREE) ? free : berth_gpu_mask(a->wishes.links.gpus);
    if (q->free == 0 && !args_given(args, OPT_FREE) && !args_given(args, OPT_LINKS))
        return fail(app, EXIT_USAGE, "--free is needed: this machine shows no GPUs", NULL);
    return wishes_check(app, &a->wishes, q->free);
}

/* Why there is no answer; EXIT_NO. */
static int refuse(struct app *app, const struct assignment *a)
{
    const struct berth_gpu_question *q = &a->wishes.question;
    char text[320];
    struct berth_writer w;
    uint64_t usable = q->free & ~q->sick;
    berth_writer_init(&w, text, sizeof text);
    if ((q->required & ~usable) != 0) {
        bool sick = (q->required & q->sick) != 0;
        berth_put_string(&w, "required, but ");
        berth_put_string(&w, sick ? "sick: " : "not free: ");
        berth_gpu_put(&w, q->required & (sick ? q->sick : ~usable));
    } else if (berth_gpu_count(q->required) > q->count) {
        berth_put_u64(&w, berth_gpu_count(q->required));
        berth_put_string(&w, " are required, only ");
        berth_put_u64(&w, a->count);
        berth_put_string(&w, " asked for");
    } else {
        berth_put_string(&w, "not enough GPUs: ");
        berth_put_u64(&w, a->count);
        berth_put_string(&w, " asked for, ");
        berth_put_u64(&w, berth_gpu_count(usable));
        berth_put_string(&w, " free");
        if ((q->free & q->sick) != 0) {
            berth_put_string(&w, " and healthy (sick: ");
            berth_gpu_put(&w, q->free & q->sick);
            berth_put_char(&w, ')');
        }
    }
    return berth_writer_terminate(&w) == BERTH_OK && !app->quiet ? fail(app, EXIT_NO, text, NULL) : EXIT_NO;
}

static void put_ids(struct out *out, uint64_t gpus)
{
    uint8_t ids[BERTH_GPU_MAX];
    unsigned count = berth_gpu_ids(gpus, ids);
    for (unsigned i = 0; i < count; i++) {
        if (i > 0)
            out_string(out, ",");
        out_u64(out, ids[i]);
    }
}

static void print_choice(struct app *app, const struct berth_gpu_choice *choice)
{
    static const char *const how[] = {"exact", "heuristic"};
    struct out *out = &app->out;
    out_string(out, app->json ? "{\"gpus\":[" : "");
    put_ids(out, choice->gpus);
    if (app->json) {
        out_string(out, "],\"score\":");
        out_u64(out, choice->score);
        out_string(out, ",\"how\":\"");
        out_string(out, how[choice->how]);
        out_string(out, "\"");
        if (choice->skipped != 0) {
            out_string(out, ",\"skipped\":[");
            put_ids(out, choice->skipped);
            out_string(out, "]");
        }
        out_string(out, "}");
    } else if (out->terminal && !app->quiet) {
        out_colour(out, COLOUR_DIM);
        out_string(out, "  score ");
        out_u64(out, choice->score);
        out_string(out, ", ");
        out_string(out, how[choice->how]);
        out_colour(out, COLOUR_NONE);
    }
    out_string(out, "\n");
    if (choice->skipped != 0 && !app->json && !app->quiet) {
        out_flush(out);
        out_string(&app->err, "berth: gpu assign: skipped as sick: ");
        put_ids(&app->err, choice->skipped);
        out_string(&app->err, "\n");
    }
}

int gpu_assign(struct app *app)
{
    static struct assignment a;
    struct berth_gpu_choice choice;
    int code = read_question(app, &a);
    if (code != 0)
        return code;
    enum berth_status status = berth_gpu_choose(&a.wishes.question, &choice);
    if (status == BERTH_E_MISSING)
        return refuse(app, &a);
    if (status != BERTH_OK)
        return fail(app, exit_code_of(status), "the choice", berth_status_name(status));
    print_choice(app, &choice);
    return EXIT_DONE;
}
