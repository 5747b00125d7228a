/* The index of a schedule: an AVL tree over the row numbers, by (start, number), each node with the latest
 * end below it. Four spare bits of each link hold the height (6 bits) and whether a row in use is below. */
#include "sched/tree.h"

#define LINK_MASK 0x0FFFFFFFu

uint32_t berth_tree_left(const struct berth_schedule_node *node)
{
    return node->left & LINK_MASK;
}

uint32_t berth_tree_right(const struct berth_schedule_node *node)
{
    return node->right & LINK_MASK;
}

bool berth_tree_using(const struct berth_schedule_node *node)
{
    return (node->right >> 30 & 1) != 0;
}

static unsigned height_of(const struct berth_schedule *s, uint32_t n)
{
    return n == BERTH_TREE_NONE ? 0 : (s->index[n].left >> 28) | (s->index[n].right >> 28 & 3) << 4;
}

static void set_left(struct berth_schedule_node *node, uint32_t child)
{
    node->left = (node->left & ~LINK_MASK) | child;
}

static void set_right(struct berth_schedule_node *node, uint32_t child)
{
    node->right = (node->right & ~LINK_MASK) | child;
}

/* What a node says about everything below it, from its row and its children. */
static void sum_up(struct berth_schedule *s, uint32_t n)
{
    struct berth_schedule_node *node = &s->index[n];
    uint32_t children[2] = {berth_tree_left(node), berth_tree_right(node)};
    unsigned height = 0;
    bool in_use = (s->rows[n].flags & BERTH_BOOKING_USING) != 0;
    node->max_end_s = s->rows[n].end_s;
    for (unsigned i = 0; i < 2; i++) {
        if (children[i] == BERTH_TREE_NONE)
            continue;
        const struct berth_schedule_node *child = &s->index[children[i]];
        unsigned below = height_of(s, children[i]);
        height = below > height ? below : height;
        node->max_end_s = child->max_end_s > node->max_end_s ? child->max_end_s : node->max_end_s;
        in_use = in_use || berth_tree_using(child);
    }
    height++;
    node->left = children[0] | (height & 15u) << 28;
    node->right = children[1] | (height >> 4) << 28 | (in_use ? 1u << 30 : 0);
}

/* The right child of N takes its place (the left one when RIGHTWARDS); returns it. */
static uint32_t rotate(struct berth_schedule *s, uint32_t n, bool rightwards)
{
    struct berth_schedule_node *node = &s->index[n];
    uint32_t up = rightwards ? berth_tree_left(node) : berth_tree_right(node);
    struct berth_schedule_node *child = &s->index[up];
    if (rightwards) {
        set_left(node, berth_tree_right(child));
        set_right(child, n);
    } else {
        set_right(node, berth_tree_left(child));
        set_left(child, n);
    }
    sum_up(s, n);
    sum_up(s, up);
    return up;
}

/* Restores the balance at N, whose children are balanced; returns what stands there then. */
static uint32_t balance(struct berth_schedule *s, uint32_t n)
{
    struct berth_schedule_node *node = &s->index[n];
    uint32_t left = berth_tree_left(node), right = berth_tree_right(node);
    unsigned left_height = height_of(s, left), right_height = height_of(s, right);
    if (left_height > right_height + 1) {
        const struct berth_schedule_node *child = &s->index[left];
        if (height_of(s, berth_tree_right(child)) > height_of(s, berth_tree_left(child)))
            set_left(node, rotate(s, left, false));
        return rotate(s, n, true);
    }
    if (right_height > left_height + 1) {
        const struct berth_schedule_node *child = &s->index[right];
        if (height_of(s, berth_tree_left(child)) > height_of(s, berth_tree_right(child)))
            set_right(node, rotate(s, right, true));
        return rotate(s, n, false);
    }
    sum_up(s, n);
    return n;
}

static bool before(const struct berth_schedule *s, uint32_t a, uint32_t b)
{
    int64_t start_a = s->rows[a].start_s, start_b = s->rows[b].start_s;
    return start_a < start_b || (start_a == start_b && a < b);
}

/* The way from the root to a node. */
struct path {
    uint32_t nodes[BERTH_SCHEDULE_LEVELS];
    unsigned depth;
};

static bool is_left(const struct berth_schedule *s, uint32_t parent, uint32_t child)
{
    return berth_tree_left(&s->index[parent]) == child;
}

/* Puts WITH where CHILD hangs below the path's node number LEVEL - 1 (LEVEL 0: at the root). */
static void replace(struct berth_schedule *s, const struct path *p, unsigned level, bool left, uint32_t with)
{
    if (level == 0)
        s->root = with;
    else if (left)
        set_left(&s->index[p->nodes[level - 1]], with);
    else
        set_right(&s->index[p->nodes[level - 1]], with);
}

/* Balances each node of the path from its end to the root. */
static void climb(struct berth_schedule *s, const struct path *p)
{
    for (unsigned level = p->depth; level-- > 0;) {
        uint32_t n = p->nodes[level];
        bool left = level > 0 && is_left(s, p->nodes[level - 1], n);
        replace(s, p, level, left, balance(s, n));
    }
}

static void push(struct path *p, uint32_t n)
{
    if (p->depth < BERTH_SCHEDULE_LEVELS)
        p->nodes[p->depth++] = n;
}

void berth_tree_link(struct berth_schedule *s, uint32_t number)
{
    struct path p = {.depth = 0};
    bool left = false;
    for (uint32_t n = s->root; n != BERTH_TREE_NONE;) {
        push(&p, n);
        left = before(s, number, n);
        n = left ? berth_tree_left(&s->index[n]) : berth_tree_right(&s->index[n]);
    }
    s->index[number] = (struct berth_schedule_node){.left = BERTH_TREE_NONE, .right = BERTH_TREE_NONE};
    sum_up(s, number);
    replace(s, &p, p.depth, left, number);
    climb(s, &p);
}

void berth_tree_unlink(struct berth_schedule *s, uint32_t number)
{
    struct path p = {.depth = 0};
    bool left = false;
    for (uint32_t n = s->root; n != number;) {
        push(&p, n);
        left = before(s, number, n);
        n = left ? berth_tree_left(&s->index[n]) : berth_tree_right(&s->index[n]);
    }
    struct berth_schedule_node *node = &s->index[number];
    uint32_t below_left = berth_tree_left(node), below_right = berth_tree_right(node);
    if (below_left == BERTH_TREE_NONE || below_right == BERTH_TREE_NONE) {
        replace(s, &p, p.depth, left, below_left == BERTH_TREE_NONE ? below_right : below_left);
        climb(s, &p);
        return;
    }
    /* The next row in order, which has no left child, takes the place. */
    unsigned level = p.depth;
    push(&p, number);
    uint32_t next = below_right;
    for (; berth_tree_left(&s->index[next]) != BERTH_TREE_NONE; next = berth_tree_left(&s->index[next]))
        push(&p, next);
    uint32_t rest = berth_tree_right(&s->index[next]);
    if (next == below_right) {
        set_right(&s->index[next], rest);
    } else {
        set_left(&s->index[p.nodes[p.depth - 1]], rest);
        set_right(&s->index[next], below_right);
    }
    set_left(&s->index[next], below_left);
    replace(s, &p, level, left, next);
    p.nodes[level] = next;
    climb(s, &p);
}

int64_t berth_tree_next_start(const struct berth_schedule *s, int64_t at_s)
{
    int64_t best = INT64_MAX;
    for (uint32_t n = s->root; n != BERTH_TREE_NONE;) {
        int64_t start = s->rows[n].start_s;
        if (start > at_s)
            best = start;
        n = start > at_s ? berth_tree_left(&s->index[n]) : berth_tree_right(&s->index[n]);
    }
    return best;
}
