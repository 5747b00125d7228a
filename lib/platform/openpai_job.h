/* What the files of the OpenPAI job documents share. */
#ifndef BERTH_PLATFORM_OPENPAI_JOB_H
#define BERTH_PLATFORM_OPENPAI_JOB_H

#include "berth/openpai_job.h"

/* ---- Places and findings (openpai_job_report.c) ---- */

/* Longest path and sentence of a finding; longer ones are cut. */
#define BERTH_OPENPAI_PATH_MAX 1024
#define BERTH_OPENPAI_TEXT_MAX 400

/* The way to a value: at each level the child that it lies in. */
struct berth_openpai_step {
    uint32_t child; /* its token */
    uint32_t next;  /* that of the child behind it; 0: none */
    uint32_t index;
};
/* No document has deeper ones. */
#define BERTH_OPENPAI_STEPS (BERTH_YAML_DEPTH_MAX + 1)

/* Finds places in a source; those asked for are mostly in order. Zero but for source and is_json. */
struct berth_openpai_locator {
    struct berth_text source;
    bool is_json;
    bool begun;
    uint32_t next; /* the token that comes next */
    uint32_t line; /* of the token found last */
    uint32_t column;
    uint32_t column_next; /* JSON: of offset */
    size_t offset;
    struct berth_yaml_reader reader; /* YAML */
};
/* Sets line and column to those of TOKEN, counted as in the document's JSON. */
void berth_openpai_locate(struct berth_openpai_locator *l, uint32_t token);

/* One check under way. */
struct berth_openpai_report {
    const struct berth_openpai_document *document;
    struct berth_openpai_check *check;
    enum berth_status status; /* the callback's; once it is no BERTH_OK nothing more is told */
    struct berth_openpai_locator locator;
    struct berth_openpai_step steps[BERTH_OPENPAI_STEPS]; /* to the last finding */
    size_t step_count;
};

/* What a finding is about. Zero but for at: the value. */
struct berth_openpai_job_place {
    struct berth_json_cursor at;
    bool name;                 /* its name, not its value */
    struct berth_text missing; /* this member of it, which is not there */
};

/* What is said: BEFORE, and when NAME is not absent NAME in quotes and AFTER. */
struct berth_openpai_saying {
    const char *before;
    struct berth_text name; /* as it stands in the JSON */
    const char *after;
};

void berth_openpai_report_begin(struct berth_openpai_report *r, const struct berth_openpai_document *document,
                                struct berth_openpai_check *check);
/* The answer of a check. */
enum berth_status berth_openpai_report_end(const struct berth_openpai_report *r);
void berth_openpai_tell(struct berth_openpai_report *r, const struct berth_openpai_job_place *place,
                        enum berth_openpai_rule rule, bool warning,
                        const struct berth_openpai_saying *saying);
/* Shorter: about a value, about a member's name. */
void berth_openpai_error(struct berth_openpai_report *r, struct berth_json_cursor at,
                         enum berth_openpai_rule rule, const char *what);
void berth_openpai_warn(struct berth_openpai_report *r, struct berth_json_cursor at,
                        enum berth_openpai_rule rule, const char *what);

/* ---- Structure (openpai_job_rules.c, openpai_job_walk.c) ---- */

enum berth_openpai_types {
    BERTH_OPENPAI_TEXT = 1,
    BERTH_OPENPAI_INTEGER = 2,
    BERTH_OPENPAI_NUMBER = 4,
    BERTH_OPENPAI_BOOL = 8,
    BERTH_OPENPAI_LIST = 16,
    BERTH_OPENPAI_MAP = 32,
    BERTH_OPENPAI_NULL = 64
};
/* What a text, or the names of a map, must look like. */
enum berth_openpai_form {
    BERTH_OPENPAI_FORM_ANY,
    BERTH_OPENPAI_FORM_JOB_V1,
    BERTH_OPENPAI_FORM_JOB_V2,
    BERTH_OPENPAI_FORM_ROLE_V1,
    BERTH_OPENPAI_FORM_ROLE_V2,
    BERTH_OPENPAI_FORM_TWO,    /* the number 2, or the text */
    BERTH_OPENPAI_FORM_SECRETS /* not "******" */
};
enum berth_openpai_unknown { BERTH_OPENPAI_REFUSE, BERTH_OPENPAI_DOUBT, BERTH_OPENPAI_KEEP };

struct berth_openpai_members;

/* A value's rules. */
struct berth_openpai_row {
    struct berth_text name; /* of the member; absent for elements */
    uint8_t types;          /* enum berth_openpai_types; 0: any */
    bool required;
    bool filled;    /* not empty */
    uint8_t form;   /* enum berth_openpai_form: of a text */
    uint8_t names;  /* of a map: its names' form */
    bool has_least; /* of a number: at least LEAST */
    int64_t least;
    const char *words;                           /* of a text: one of these, "prod|test|oppo" */
    const struct berth_openpai_row *each;        /* a list's elements, a map's values */
    const struct berth_openpai_members *members; /* a map's members */
};

/* A map's rules. */
struct berth_openpai_members {
    const struct berth_openpai_row *rows;
    uint8_t count;
    uint8_t unknown; /* enum berth_openpai_unknown: members that are not listed */
    /* The text of member BY chooses other rules. */
    struct berth_text by;
    const struct berth_openpai_variant *variants;
    uint8_t variant_count;
};
struct berth_openpai_variant {
    struct berth_text text;
    const struct berth_openpai_members *members;
};

extern const struct berth_openpai_row berth_openpai_rules_v1;
extern const struct berth_openpai_row berth_openpai_rules_v2;

/* Checks the document's values one by one. */
void berth_openpai_walk(struct berth_openpai_report *r, const struct berth_openpai_row *rules);
/* Whether TEXT, as it stands in JSON, has the FORM. */
bool berth_openpai_has_form(struct berth_text text, enum berth_openpai_form form);

/* ---- Values (openpai_job.c) ---- */

struct berth_json_cursor berth_openpai_root(const struct berth_openpai_document *document);
/* The text AT is, as it stands in JSON; absent when it is none. */
struct berth_text berth_openpai_text_of(struct berth_json_cursor at);
/* The same of member NAME of OBJECT. */
struct berth_text berth_openpai_member_text(struct berth_json_cursor object, struct berth_text name);
/* The whole number of member NAME, or OTHERWISE. */
int64_t berth_openpai_member_number(struct berth_json_cursor object, struct berth_text name,
                                    int64_t otherwise);
/* Whether AT is the boolean VALUE. */
bool berth_openpai_is_bool(struct berth_json_cursor at, bool value);

/* ---- What the members say to each other ---- */

void berth_openpai_check_v1(struct berth_openpai_report *r);     /* openpai_job_v1.c */
void berth_openpai_check_v2(struct berth_openpai_report *r);     /* openpai_job_v2.c */
void berth_openpai_check_hived(struct berth_openpai_report *r);  /* openpai_job_hived.c */
void berth_openpai_check_source(struct berth_openpai_report *r); /* openpai_job_source.c */
/* Members of MAP whose names say that they are secret (openpai_job_check.c). */
void berth_openpai_check_passwords(struct berth_openpai_report *r, struct berth_json_cursor map,
                                   const char *what);
/* References in the texts of COMMANDS, a list; ROLE chooses $script, $output, $data (openpai_job_template.c).
 */
void berth_openpai_check_templates(struct berth_openpai_report *r, struct berth_json_cursor commands,
                                   struct berth_json_cursor role);
/* The first prerequisite called NAME, of TYPE (absent: any). */
struct berth_json_cursor berth_openpai_find_prerequisite(struct berth_json_cursor root,
                                                         struct berth_text name, struct berth_text type);

/* ---- Twins (openpai_job_twins.c) ---- */

enum berth_openpai_twins {
    BERTH_OPENPAI_TWINS_NAMED, /* a list: the same `name` */
    BERTH_OPENPAI_TWINS_TYPED, /* a list: the same `name` and `type` */
    BERTH_OPENPAI_TWINS_ROLES  /* task roles, a list or a mapping: names that collide */
};
/* Reports each of ITEMS that has a twin before it. WHAT: "another ... has this name"; of roles what stands
 * before the other's name. */
void berth_openpai_check_twins(struct berth_openpai_report *r, struct berth_json_cursor items,
                               enum berth_openpai_twins kind, bool warning, const char *what);
/* What is said of roles. */
#define BERTH_OPENPAI_ROLES_COLLIDE "a server takes it for the role "

/* ---- Emission (openpai_job_emit.c) ---- */

/* One member of a document in the emission form: its unquoted name and JSON value, of checked JSON. */
void berth_openpai_put_member(struct berth_writer *out, struct berth_text name, struct berth_text json);
/* ---- Shell (openpai_job_shell.c) ---- */

/* How a text becomes part of what is written. */
enum berth_openpai_writing {
    BERTH_OPENPAI_PLAIN,  /* as it is */
    BERTH_OPENPAI_INSIDE, /* inside a JSON text: escaped */
    BERTH_OPENPAI_RAW     /* inside a JSON text, and it is the inside of one already */
};
void berth_openpai_put(struct berth_writer *out, struct berth_text text, enum berth_openpai_writing writing);
/* Text as a JSON text, with its quotes. */
void berth_openpai_put_text(struct berth_writer *out, struct berth_text text);
/* As berth_openpai_put_word() and berth_openpai_put_command(). */
void berth_openpai_write_word(struct berth_writer *out, struct berth_text text,
                              enum berth_openpai_writing writing);
void berth_openpai_write_command(struct berth_writer *out, const struct berth_text *argv, size_t argc,
                                 enum berth_openpai_writing writing);
/* A folder, the inside of a JSON text, inside one: in double quotes, where only the platform's own variables
 * stand for something. */
void berth_openpai_write_folder(struct berth_writer *out, struct berth_text raw);
/* Whether two names become one identifier. */
bool berth_openpai_same_identifier(struct berth_text a, struct berth_text b);
/* Whether a shell can export NAME. */
bool berth_openpai_is_variable(struct berth_text name);

#endif
