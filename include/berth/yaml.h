/* YAML: the subset that configuration and pipeline files use; everything else is refused with line and
 * column. */
#ifndef BERTH_YAML_H
#define BERTH_YAML_H

#include "berth/json.h"
#include "berth/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The subset: one document (a leading "---" line allowed), UTF-8, LF or CRLF, optional byte order mark; block
 * mappings and sequences (a sequence may stand at its parent key's indentation), flow [] and {}; plain,
 * 'single' and "double" quoted scalars also over several lines; literal | and folded > block text with
 * indentation and chomping indicators; comments. Refused: anchors, aliases, tags, directives, several
 * documents, complex keys ("? "), merge keys, tabs in indentation, duplicate keys (see last_key_wins). */
#define BERTH_YAML_DEPTH_MAX 32

struct berth_yaml_error {
    uint32_t line;   /* from 1 */
    uint32_t column; /* from 1, in characters */
    const char *reason;
};

/* How plain scalars become JSON. */
enum berth_yaml_types {
    BERTH_YAML_CORE =
        0, /* the YAML 1.2 core schema: null, true/false, integers, floats; .nan and .inf are refused */
    BERTH_YAML_ALL_TEXT = 1 /* each scalar is its literal text, except an empty plain one, which is null: a
                               field table decides */
};

struct berth_yaml_options {
    enum berth_yaml_types types;
    bool last_key_wins; /* a repeated key replaces the earlier value (wire/aivc.md 1.1) instead of being an
                           error */
};

/* Writes DOCUMENT as JSON into OUT (compact, key order kept). An empty document is null. BERTH_E_SYNTAX,
 * BERTH_E_UTF8, BERTH_E_DEPTH with OUT_ERROR (may be NULL) filled in, BERTH_E_SPACE (need in out->len).
 * OPTIONS NULL = all zero. */
enum berth_status berth_yaml_to_json(struct berth_text document, const struct berth_yaml_options *options,
                                     struct berth_writer *out,
                                     struct berth_yaml_error *out_error) BERTH_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
