/* Removal of directory trees whose content nobody vouches for. */
#include "storage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Empties directory `dir`, a child of `top`. A subdirectory that is not empty is moved up beside
 * `dir` instead of descended into, so that depth costs neither stack nor descriptors. */
static int empty_directory(int top, int dir, unsigned *counter) {
    int copy = dup(dir);
    DIR *stream = copy >= 0 ? fdopendir(copy) : NULL;
    if (stream == NULL) {
        if (copy >= 0)
            close(copy);
        return -1;
    }
    int result = 0;
    const struct dirent *entry;
    while (result == 0 && (errno = 0, entry = readdir(stream)) != NULL) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
            continue;
        if (errno != EISDIR && errno != EPERM) {
            result = -1;
            break;
        }
        if (unlinkat(dir, name, AT_REMOVEDIR) == 0)
            continue;
        if (errno != ENOTEMPTY && errno != EEXIST) {
            result = -1;
            break;
        }
        char moved[32];
        do {
            snprintf(moved, sizeof moved, ".d%u", (*counter)++);
            result = renameat2(dir, name, top, moved, RENAME_NOREPLACE);
        } while (result < 0 && errno == EEXIST);
    }
    if (result == 0 && errno != 0)
        result = -1;
    int saved = errno;
    closedir(stream);
    errno = saved;
    return result;
}

/* One pass over the entries of `top`; *left is set when something may remain. */
static int remove_pass(int top, unsigned *counter, bool *left) {
    int copy = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = copy >= 0 ? fdopendir(copy) : NULL;
    if (stream == NULL)
        return -1;
    int result = 0;
    const struct dirent *entry;
    while (result == 0 && (errno = 0, entry = readdir(stream)) != NULL) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        *left = true;
        if (unlinkat(top, name, 0) == 0 || errno == ENOENT)
            continue;
        if (errno != EISDIR && errno != EPERM) {
            result = -1;
            break;
        }
        int dir = openat(top, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (dir < 0) {
            result = -1;
            break;
        }
        result = empty_directory(top, dir, counter);
        close(dir);
        if (result == 0)
            result = unlinkat(top, name, AT_REMOVEDIR);
    }
    if (result == 0 && errno != 0)
        result = -1;
    int saved = errno;
    closedir(stream);
    errno = saved;
    return result;
}

int tree_remove(const char *path) {
    int top = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (top < 0) {
        if (errno == ENOENT)
            return 0;
        if ((errno == ENOTDIR || errno == ELOOP) && unlink(path) == 0)
            return 0;
        return fail_errno("remove", path);
    }
    unsigned counter = 0;
    int result = 0;
    for (bool left = true; result == 0 && left;) {
        left = false;
        result = remove_pass(top, &counter, &left);
    }
    if (result < 0)
        fail_errno("remove what is in", path);
    close(top);
    if (result == 0 && rmdir(path) < 0 && errno != ENOENT)
        result = fail_errno("rmdir", path);
    return result;
}
