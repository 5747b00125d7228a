/* Users' ids and their numbers: the schedule counts users, files name them. */
#include "booking_folder.h"

#include <string.h>

/* Ids of rows may be longer than what a new user may take. */
enum { SLOTS = 65536, CHARACTERS = FOLDER_IDS * 64 };

struct folder_people {
    uint32_t count;
    size_t used; /* of characters */
    struct {
        uint32_t at, len;
    } ids[FOLDER_IDS];
    uint32_t slots[SLOTS]; /* number + 1; 0: free */
    char characters[CHARACTERS];
};
static struct folder_people people;

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static uint32_t hash(struct berth_text id)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < id.len; i++)
        hash = (hash ^ (unsigned char)lower(id.ptr[i])) * 16777619u;
    return hash;
}

static struct berth_text id_of(const struct folder_people *p, uint32_t number)
{
    return berth_text_make(p->characters + p->ids[number].at, p->ids[number].len);
}

/* The slot that holds ID, or the free one where it belongs. There are more slots than ids. */
static size_t find_slot(const struct folder_people *p, struct berth_text id)
{
    size_t slot = hash(id) % SLOTS;
    while (p->slots[slot] != 0 && !berth_text_equal_nocase(id_of(p, p->slots[slot] - 1), id))
        slot = (slot + 1) % SLOTS;
    return slot;
}

uint32_t folder_user_number(const struct folder *f, struct berth_text id)
{
    if (f->people == NULL)
        return FOLDER_NO_USER;
    uint32_t found = f->people->slots[find_slot(f->people, id)];
    return found == 0 ? FOLDER_NO_USER : found - 1;
}

uint32_t folder_user_add(struct folder *f, struct berth_text id)
{
    struct folder_people *p = f->people = &people;
    size_t slot = find_slot(p, id);
    if (p->slots[slot] != 0)
        return p->slots[slot] - 1;
    if (p->count == FOLDER_IDS || id.len > CHARACTERS - p->used)
        return FOLDER_NO_USER;
    uint32_t number = p->count++;
    p->ids[number].at = (uint32_t)p->used;
    p->ids[number].len = (uint32_t)id.len;
    for (size_t i = 0; i < id.len; i++)
        p->characters[p->used++] = lower(id.ptr[i]);
    p->slots[slot] = number + 1;
    return number;
}

struct berth_text folder_user_id(const struct folder *f, uint32_t number)
{
    if (f->people == NULL || number >= f->people->count)
        return berth_text_make(NULL, 0);
    return id_of(f->people, number);
}
