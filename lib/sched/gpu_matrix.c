/* Links out of the matrix that `nvidia-smi topo -m` prints. */
#include "berth/number.h"
#include "sched/gpu_links.h"

/* A column that is no GPU. */
#define OTHER 0xFF
#define ESCAPE '\033'

struct matrix {
    struct berth_text text;
    struct berth_gpu_links_error *error;
    struct berth_gpu_links *links;
    uint8_t columns[BERTH_GPU_LINKS_COLUMNS]; /* a GPU's id, or OTHER */
    size_t column_count;
    size_t header_at;             /* where the line of column names begins */
    uint64_t gpus;                /* those with a column */
    uint64_t rows;                /* those whose line was there */
    uint64_t said[BERTH_GPU_MAX]; /* bit b of said[a], a > b: something is said of the pair */
    bool tabs;                    /* cells stand between tabs; else between blanks */
};

/* The place of a view into the text; a cell that is not there has none, so the line's end serves. */
static enum berth_status refuse(const struct matrix *m, struct berth_text cell, enum berth_status status,
                                const char *reason)
{
    return berth_gpu_links_refuse(m->error, m->text, (size_t)(cell.ptr - m->text.ptr), status, reason);
}

/* ---- lines and cells -------------------------------------------------------------------------- */

/* An escape sequence in front, such as ESC [ 4 m. */
static struct berth_text without_escapes(struct berth_text cell)
{
    while (cell.len > 0 && cell.ptr[0] == ESCAPE) {
        size_t end = 1;
        if (end < cell.len && cell.ptr[end] == '[')
            for (end = 2; end < cell.len && (cell.ptr[end] < '@' || cell.ptr[end] > '~'); end++) {
            }
        cell = berth_text_slice(cell, end + 1, cell.len);
    }
    size_t later = berth_text_find_byte(cell, ESCAPE);
    return berth_text_trim(berth_text_slice(cell, 0, later < cell.len ? later : cell.len));
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The next cell of a line; between tabs it may be empty. False at the line's end. */
static bool next_cell(const struct matrix *m, struct berth_text *line, struct berth_text *out_cell)
{
    if (m->tabs) {
        struct berth_text whole;
        if (!berth_text_split(line, '\t', &whole))
            return false;
        *out_cell = without_escapes(whole);
        return true;
    }
    size_t from = 0, to;
    while (from < line->len && is_blank(line->ptr[from]))
        from++;
    for (to = from; to < line->len && !is_blank(line->ptr[to]); to++) {
    }
    *out_cell = without_escapes(berth_text_slice(*line, from, to));
    *line = berth_text_slice(*line, to, line->len);
    return to > from;
}

/* "GPU12" and nothing else. */
static bool is_gpu(struct berth_text cell, uint64_t *out_id)
{
    return berth_text_starts(cell, BERTH_TEXT("GPU")) &&
           berth_parse_u64(berth_text_slice(cell, 3, cell.len), out_id) == BERTH_OK;
}

/* The columns behind those of devices: "CPU Affinity", "NUMA Affinity", "GPU NUMA ID". */
static bool is_affinity(struct berth_text cell)
{
    return berth_text_starts(cell, BERTH_TEXT("CPU")) || berth_text_starts(cell, BERTH_TEXT("NUMA")) ||
           berth_text_starts(cell, BERTH_TEXT("GPU"));
}

/* ---- what a cell says ------------------------------------------------------------------------- */

static bool says_nothing(struct berth_text cell)
{
    return cell.len == 0 || berth_text_equal(cell, BERTH_TEXT("N/A"));
}

/* A path's name or NV and a number. */
static bool is_link(struct berth_text cell, enum berth_gpu_path *out_path, uint64_t *out_nvlinks)
{
    *out_path = BERTH_GPU_PATH_NONE;
    *out_nvlinks = 0;
    for (size_t i = 0; i < BERTH_GPU_PATH_NAMES; i++) {
        if (berth_text_equal(cell, berth_gpu_path_names[i].name)) {
            *out_path = (enum berth_gpu_path)berth_gpu_path_names[i].value;
            return true;
        }
    }
    return berth_text_starts(cell, BERTH_TEXT("NV")) &&
           berth_parse_u64(berth_text_slice(cell, 2, cell.len), out_nvlinks) == BERTH_OK && *out_nvlinks > 0;
}

static enum berth_status take_cell(struct matrix *m, unsigned row, unsigned column, struct berth_text cell)
{
    enum berth_gpu_path path;
    uint64_t nvlinks;
    bool is_self = berth_text_equal(cell, BERTH_TEXT("X"));
    if (is_self != (row == column))
        return refuse(m, cell, BERTH_E_SYNTAX,
                      is_self ? "X stands where a GPU meets itself only"
                              : "X is due where a GPU meets itself");
    if (is_self || cell.len == 0)
        return BERTH_OK;
    unsigned high = row > column ? row : column, low = row > column ? column : row;
    if (!says_nothing(cell)) {
        if (!is_link(cell, &path, &nvlinks))
            return refuse(m, cell, BERTH_E_SYNTAX,
                          "not a link; SYS, NODE, PHB, PXB, PIX, PSB or NV and a number");
        if (nvlinks > 255)
            return refuse(m, cell, BERTH_E_RANGE, "more than 255 NVLinks");
        BERTH_TRY(berth_gpu_links_set(m->links, row, column, path, (unsigned)nvlinks));
    }
    m->said[high] |= UINT64_C(1) << low;
    return BERTH_OK;
}

/* ---- lines ------------------------------------------------------------------------------------ */

static enum berth_status take_column(struct matrix *m, struct berth_text cell)
{
    uint64_t id, nvlinks;
    enum berth_gpu_path path;
    if (m->column_count == BERTH_GPU_LINKS_COLUMNS)
        return refuse(m, cell, BERTH_E_RANGE, "more columns than any host has");
    if (!is_gpu(cell, &id)) {
        if (berth_text_equal(cell, BERTH_TEXT("X")) || is_link(cell, &path, &nvlinks))
            return refuse(m, cell, BERTH_E_SYNTAX, "the line of column names is missing");
        m->columns[m->column_count++] = OTHER;
        return BERTH_OK;
    }
    if (id >= BERTH_GPU_MAX)
        return refuse(m, cell, BERTH_E_RANGE, "GPUs have the numbers 0 to 63");
    if ((m->gpus >> id & 1) != 0)
        return refuse(m, cell, BERTH_E_SYNTAX, "a GPU has two columns");
    m->gpus |= UINT64_C(1) << id;
    m->columns[m->column_count++] = (uint8_t)id;
    return BERTH_OK;
}

/* A line whose first name is a GPU's begins the matrix. */
static enum berth_status take_header(struct matrix *m, struct berth_text line)
{
    uint64_t id;
    struct berth_text cell, first = without_escapes(berth_text_trim(line));
    size_t end = 0;
    while (end < first.len && !is_blank(first.ptr[end]))
        end++;
    if (!is_gpu(berth_text_slice(first, 0, end), &id))
        return BERTH_OK;
    m->header_at = (size_t)(first.ptr - m->text.ptr);
    m->tabs = berth_text_find_byte(line, '\t') != SIZE_MAX;
    while (next_cell(m, &line, &cell)) {
        if (cell.len == 0 && m->column_count == 0)
            continue; /* above the names of the lines */
        if (!is_gpu(cell, &id) && is_affinity(cell))
            break;
        BERTH_TRY(take_column(m, cell));
    }
    return BERTH_OK;
}

static enum berth_status take_row(struct matrix *m, struct berth_text line)
{
    uint64_t row;
    struct berth_text cell;
    if (!next_cell(m, &line, &cell) || !is_gpu(cell, &row))
        return BERTH_OK; /* another device, an empty line */
    if (row >= BERTH_GPU_MAX || (m->gpus >> row & 1) == 0)
        return refuse(m, cell, BERTH_E_RANGE, "a GPU without a column");
    if ((m->rows >> row & 1) != 0)
        return refuse(m, cell, BERTH_E_SYNTAX, "a GPU has two lines");
    m->rows |= UINT64_C(1) << row;
    for (size_t i = 0; i < m->column_count && next_cell(m, &line, &cell); i++)
        if (m->columns[i] != OTHER)
            BERTH_TRY(take_cell(m, (unsigned)row, m->columns[i], cell));
    return BERTH_OK;
}

static enum berth_status check_whole(const struct matrix *m)
{
    const struct berth_text header = berth_text_slice(m->text, m->header_at, m->text.len);
    if (m->gpus == 0)
        return refuse(m, header, BERTH_E_MISSING, "no line that begins with the name of a GPU");
    for (unsigned a = 0; a < BERTH_GPU_MAX; a++)
        for (unsigned b = 0; b < a; b++)
            if ((m->gpus >> a & m->gpus >> b & 1) != 0 && (m->said[a] >> b & 1) == 0)
                return refuse(m, header, BERTH_E_MISSING, "nothing is said of a pair of these GPUs");
    return BERTH_OK;
}

enum berth_status berth_gpu_links_read_matrix(struct berth_text text, uint16_t *scores, size_t score_cap,
                                              struct berth_gpu_links *out_links,
                                              struct berth_gpu_links_error *error)
{
    struct matrix m = {.text = text, .error = error, .links = out_links};
    if (berth_text_starts(text, BERTH_TEXT("\xEF\xBB\xBF"))) /* a byte order mark, as editors leave it */
        m.text = berth_text_slice(text, 3, text.len);
    struct berth_text line, rest = m.text;
    while (berth_text_split(&rest, '\n', &line)) {
        if (line.len > 0 && line.ptr[line.len - 1] == '\r')
            line.len--;
        if (m.gpus != 0 && berth_text_starts(berth_text_trim(line), BERTH_TEXT("Legend")))
            break;
        if (m.gpus != 0) {
            BERTH_TRY(take_row(&m, line));
            continue;
        }
        BERTH_TRY(take_header(&m, line));
        unsigned gpus = BERTH_GPU_MAX;
        while (gpus > 0 && (m.gpus >> (gpus - 1) & 1) == 0)
            gpus--;
        BERTH_TRY(berth_gpu_links_begin(out_links, scores, score_cap, gpus));
    }
    return check_whole(&m);
}
