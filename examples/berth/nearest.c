/* The word that was meant, by the number of letters to change. */
#include "nearest.h"

enum { WORD_MAX = 32 };

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Letters to insert, drop, change or swap with their neighbour (optimal string alignment). */
static unsigned changes(struct berth_text a, struct berth_text b)
{
    unsigned rows[3][WORD_MAX + 1];
    unsigned *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b.len; j++)
        last[j] = before[j] = (unsigned)j;
    for (size_t i = 1; i <= a.len; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b.len; j++) {
            unsigned other = a.ptr[i - 1] != b.ptr[j - 1];
            row[j] = least(last[j - 1] + other, least(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        unsigned *free_row = before;
        before = last;
        last = row;
        row = free_row;
    }
    return last[b.len];
}

void nearest_try(struct nearest *n, struct berth_text candidate)
{
    if (n->wrong.len == 0 || n->wrong.len > WORD_MAX || candidate.len > WORD_MAX)
        return;
    unsigned count = changes(n->wrong, candidate);
    unsigned most = candidate.len > 4 ? 2 : 1;
    if (count > most || (n->best.len > 0 && count >= n->best_changes))
        return;
    n->best = candidate;
    n->best_changes = count;
}
