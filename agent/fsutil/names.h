/* The names in a directory, sorted. */
#ifndef NAMES_H
#define NAMES_H

#include <stddef.h>

/* Each name is preceded by its type, as readdir has it. */
struct names {
    char *text, **name;
    size_t count;
};

/* Reads what the directory holds from where it stands; what cannot be read is left out. */
void names_read(struct names *list, int directory);
void names_free(struct names *list);

#endif
