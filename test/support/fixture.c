/* Files that tests read. */
#define _GNU_SOURCE
#include "fixture.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void die(const char *path)
{
    fprintf(stderr, "fixture: %s: %s\n", path, strerror(errno));
    exit(2);
}

uint8_t *fixture_load(const char *path, size_t *out_len)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes;
    long len;

    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        die(path);
    len = ftell(file);
    if (len < 0)
        die(path);
    rewind(file);
    bytes = malloc((size_t)len + 1);
    if (bytes == NULL || fread(bytes, 1, (size_t)len, file) != (size_t)len)
        die(path);
    fclose(file);
    bytes[len] = 0;
    *out_len = (size_t)len;
    return bytes;
}

static int ends_with(const char *name, const char *suffix)
{
    size_t n = strlen(name);
    size_t s = strlen(suffix);

    return n >= s && strcmp(name + n - s, suffix) == 0;
}

size_t fixture_each(const char *folder, const char *suffix,
                    void (*each)(void *ctx, const char *path, const uint8_t *bytes, size_t len), void *ctx)
{
    struct dirent **names;
    int found = scandir(folder, &names, NULL, alphasort);
    size_t count = 0;

    if (found < 0)
        die(folder);
    for (int i = 0; i < found; i++) {
        if (names[i]->d_name[0] != '.' && ends_with(names[i]->d_name, suffix)) {
            char path[1024];
            size_t len;
            snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
            uint8_t *bytes = fixture_load(path, &len);
            each(ctx, path, bytes, len);
            free(bytes);
            count++;
        }
        free(names[i]);
    }
    free(names);
    return count;
}
