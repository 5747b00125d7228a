/* How GPUs are linked: which form it is written in, the names, and links out of JSON. */
#include "sched/gpu_links.h"

#include <stddef.h>

const struct berth_enum_name berth_gpu_path_names[BERTH_GPU_PATH_NAMES] = {
    {BERTH_TEXT_INIT("SYS"), BERTH_GPU_PATH_SYS}, {BERTH_TEXT_INIT("NODE"), BERTH_GPU_PATH_NODE},
    {BERTH_TEXT_INIT("PHB"), BERTH_GPU_PATH_PHB}, {BERTH_TEXT_INIT("PXB"), BERTH_GPU_PATH_PXB},
    {BERTH_TEXT_INIT("PIX"), BERTH_GPU_PATH_PIX}, {BERTH_TEXT_INIT("PSB"), BERTH_GPU_PATH_PSB},
    {BERTH_TEXT_INIT("SOC"), BERTH_GPU_PATH_SYS},
};

const char *berth_gpu_path_name(enum berth_gpu_path path)
{
    for (size_t i = 0; i < BERTH_GPU_PATH_NAMES; i++)
        if (berth_gpu_path_names[i].value == (int32_t)path)
            return berth_gpu_path_names[i].name.ptr;
    return "";
}

enum berth_gpu_path berth_gpu_pair_path(const struct berth_gpu_links *links, unsigned a, unsigned b,
                                        unsigned *out_nvlinks)
{
    uint32_t score = berth_gpu_pair_score(links, a, b);
    *out_nvlinks = score / BERTH_GPU_NVLINK_SCORE;
    return (enum berth_gpu_path)(score % BERTH_GPU_NVLINK_SCORE);
}

enum berth_status berth_gpu_links_begin(struct berth_gpu_links *out_links, uint16_t *scores, size_t score_cap,
                                        unsigned gpus)
{
    out_links->scores = scores;
    out_links->gpus = gpus;
    if (gpus > 1 && BERTH_GPU_PAIRS(gpus) > score_cap)
        return BERTH_E_SPACE;
    return berth_gpu_links_init(out_links, scores, gpus);
}

enum berth_status berth_gpu_links_refuse(struct berth_gpu_links_error *error, struct berth_text text,
                                         size_t at, enum berth_status status, const char *reason)
{
    *error = (struct berth_gpu_links_error){1, 1, reason};
    for (size_t i = 0; i < at && i < text.len; i++) {
        if (text.ptr[i] == '\n') {
            error->line++;
            error->column = 1;
        } else if (((unsigned char)text.ptr[i] & 0xC0) != 0x80) {
            error->column++;
        }
    }
    return status;
}

/* ---- JSON ------------------------------------------------------------------------------------- */

struct link {
    uint32_t present;
    int32_t a, b, nvlink;
    struct berth_enum pcie;
};
struct host {
    uint32_t present;
    int32_t gpus;
    struct berth_json_list links;
};

#define FIELD(struct_name, member, kind, more_flags)                                                         \
    {                                                                                                        \
        .name = BERTH_TEXT_INIT(#member), .type = BERTH_FIELD_##kind, .flags = (more_flags),                 \
        .offset = offsetof(struct struct_name, member)                                                       \
    }
static const struct berth_field link_fields[] = {
    FIELD(link, a, I32, BERTH_FIELD_REQUIRED),
    FIELD(link, b, I32, BERTH_FIELD_REQUIRED),
    FIELD(link, nvlink, I32, 0),
    {.name = BERTH_TEXT_INIT("pcie"),
     .type = BERTH_FIELD_ENUM,
     .offset = offsetof(struct link, pcie),
     .names = berth_gpu_path_names,
     .name_count = BERTH_GPU_PATH_NAMES},
};
static const struct berth_field host_fields[] = {
    FIELD(host, gpus, I32, BERTH_FIELD_REQUIRED),
    FIELD(host, links, LIST, BERTH_FIELD_REQUIRED),
};
#define SHAPE(label, struct_name)                                                                            \
    {                                                                                                        \
        .name = (label), .fields = struct_name##_fields,                                                     \
        .field_count = sizeof struct_name##_fields / sizeof *struct_name##_fields,                           \
        .size = sizeof(struct struct_name), .present_offset = offsetof(struct struct_name, present)          \
    }
static const struct berth_shape link_shape = SHAPE("link", link), host_shape = SHAPE("host", host);

/* What is wrong with a link's values, or NULL. */
static const char *why_not(const struct link *link, unsigned gpus)
{
    if (link->a < 0 || link->b < 0 || (unsigned)link->a >= gpus || (unsigned)link->b >= gpus)
        return "a link of a GPU that the host does not have";
    if (link->a == link->b)
        return "a link of a GPU and itself";
    if (link->nvlink < 0 || link->nvlink > 255)
        return "nvlink is 0 to 255";
    if ((link->present & 8u) != 0 && (link->pcie.text.ptr == NULL || link->pcie.value == BERTH_ENUM_UNKNOWN))
        return "pcie is one of SYS, NODE, PHB, PXB, PIX, PSB";
    return NULL;
}

enum berth_status berth_gpu_links_read_json(char *json, size_t len, uint16_t *scores, size_t score_cap,
                                            struct berth_gpu_links *out_links,
                                            struct berth_gpu_links_error *error)
{
    const struct berth_text text = {json, len};
    struct berth_decode_error where = {.at = {0, NULL}};
    struct berth_json_list item;
    struct host host;
    enum berth_status status = berth_fields_decode(&host_shape, json, len, &host, &where);
    if (status != BERTH_OK)
        return berth_gpu_links_refuse(error, text, (size_t)where.at.offset, status,
                                      where.at.reason != NULL ? where.at.reason : "not a table of links");
    if (host.gpus < 0 || host.gpus > BERTH_GPU_MAX)
        return berth_gpu_links_refuse(error, text, 0, BERTH_E_RANGE, "gpus is 0 to 64");
    BERTH_TRY(berth_gpu_links_begin(out_links, scores, score_cap, (unsigned)host.gpus));
    while ((status = berth_json_list_next(&host.links, NULL, &item)) == BERTH_OK) {
        struct link link;
        size_t at = (size_t)(item.ptr - json);
        status = berth_fields_decode_checked(&link_shape, item.ptr, item.len, &link, &where);
        if (status != BERTH_OK)
            return berth_gpu_links_refuse(error, text, at + (size_t)where.at.offset, status,
                                          where.at.reason != NULL ? where.at.reason : "not a link");
        const char *reason = why_not(&link, out_links->gpus);
        if (reason != NULL)
            return berth_gpu_links_refuse(error, text, at, BERTH_E_RANGE, reason);
        enum berth_gpu_path path =
            (link.present & 8u) != 0 ? (enum berth_gpu_path)link.pcie.value : BERTH_GPU_PATH_NONE;
        BERTH_TRY(
            berth_gpu_links_set(out_links, (unsigned)link.a, (unsigned)link.b, path, (unsigned)link.nvlink));
    }
    return status == BERTH_E_MISSING ? BERTH_OK : status;
}

enum berth_status berth_gpu_links_read(char *text, size_t len, uint16_t *scores, size_t score_cap,
                                       struct berth_gpu_links *out_links,
                                       struct berth_gpu_links_error *out_error)
{
    struct berth_gpu_links_error unasked = {0, 0, NULL}, *error = out_error != NULL ? out_error : &unasked;
    *error = (struct berth_gpu_links_error){0, 0, NULL};
    *out_links = (struct berth_gpu_links){scores, 0};
    if ((scores == NULL && score_cap > 0) || (text == NULL && len > 0))
        return BERTH_E_ARGUMENT;
    if (berth_text_starts(berth_text_trim(berth_text_make(text, len)), BERTH_TEXT("{")))
        return berth_gpu_links_read_json(text, len, scores, score_cap, out_links, error);
    return berth_gpu_links_read_matrix(berth_text_make(text, len), scores, score_cap, out_links, error);
}
