/* The Spatio-Temporal Shift Module in C99, and the client that lets stsm-ref check it.
 *
 *     cc -std=c99 -O2 -Wall -Wextra stsm_client.c -o stsm_client
 *     stsm-ref check cmd:./stsm_client
 *
 * Part 1 is the shift: put your own in its place. Part 2 reads the JSON that the protocol needs, part 3 is the protocol, version 1.
 * A shift moves elements and never looks inside them, so every dtype is a number of bytes here, and NaN or -0.0 need no care.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Part 1: the shift --------------------------------------------------------------------------------------------------------- */

enum { MOST_TERMS = 7, MOST_DIRECTIONS = 8, T = 0, H = 1, W = 2 };

typedef struct {
    int terms;                     /* how many */
    int axes[MOST_TERMS];          /* of each term, the number of axes */
    int axis[MOST_TERMS][3];       /* and which */
    unsigned long long numerator, denominator; /* of alpha */
    int first;                     /* the sign that comes first: +1 or -1 */
    int exact;                     /* refuse a share that is no whole number of channels, instead of rounding down */
} Spec;

typedef struct {
    size_t n, t, c, h, w;
} Shape;

/* How many channels each direction of a term gets: floor(alpha * C / (terms * 2^axes)). */
static size_t share(const Spec *spec, int term, size_t channels)
{
    unsigned long long parts = (unsigned long long)spec->terms << spec->axes[term];
    return (size_t)(spec->numerator * channels / (spec->denominator * parts));
}

/* Whether every share is a whole number of channels. */
static int divides(const Spec *spec, size_t channels)
{
    for (int term = 0; term < spec->terms; term++) {
        unsigned long long parts = (unsigned long long)spec->terms << spec->axes[term];
        if (spec->numerator * channels % (spec->denominator * parts) != 0) return 0;
    }
    return 1;
}

/* By how much channel c moves along T, H and W: terms are cut from channel 0 upwards, the rest stays. */
static void displacement(const Spec *spec, size_t channels, size_t c, int d[3])
{
    size_t start = 0;
    d[T] = d[H] = d[W] = 0;
    for (int term = 0; term < spec->terms; term++) {
        size_t each = share(spec, term, channels);
        for (int direction = 0; direction < 1 << spec->axes[term]; direction++, start += each) {
            if (c < start || c >= start + each) continue;
            for (int i = 0; i < spec->axes[term]; i++) {
                int second = direction >> (spec->axes[term] - 1 - i) & 1; /* the last axis changes fastest */
                d[spec->axis[term][i]] = second ? -spec->first : spec->first;
            }
            return;
        }
    }
}

/* The position that lands on i, or -1 where a zero enters. */
static long source(size_t i, int d, size_t size)
{
    long from = (long)i - d;
    return from < 0 || from >= (long)size ? -1 : from;
}

/* y = STSM(x), both (N, T, C, H, W). sign is 1 for the shift (and its JVP), -1 for its VJP: the opposite displacement. */
static void stsm(const Spec *spec, int sign, const unsigned char *x, unsigned char *y, Shape s, size_t bytes)
{
    for (size_t n = 0; n < s.n; n++)
        for (size_t c = 0; c < s.c; c++) {
            int d[3];
            displacement(spec, s.c, c, d);
            for (size_t t = 0; t < s.t; t++)
                for (size_t h = 0; h < s.h; h++)
                    for (size_t w = 0; w < s.w; w++) {
                        long from_t = source(t, sign * d[T], s.t);
                        long from_h = source(h, sign * d[H], s.h);
                        long from_w = source(w, sign * d[W], s.w);
                        unsigned char *to = y + ((((n * s.t + t) * s.c + c) * s.h + h) * s.w + w) * bytes;
                        if (from_t < 0 || from_h < 0 || from_w < 0) {
                            memset(to, 0, bytes);
                            continue;
                        }
                        memcpy(to, x + ((((n * s.t + from_t) * s.c + c) * s.h + from_h) * s.w + from_w) * bytes, bytes);
                    }
        }
}

/* ---- Part 2: as much JSON as the protocol needs --------------------------------------------------------------------------------- */

static const char *blank(const char *p)
{
    while (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n') p++;
    return p;
}

/* Behind the string that begins at p. */
static const char *after_string(const char *p)
{
    for (p++; *p && *p != '"'; p++)
        if (*p == '\\' && p[1]) p++;
    return *p ? p + 1 : p;
}

/* Behind the value that begins at p, whatever it is. */
static const char *after_value(const char *p)
{
    int depth = 0;
    for (p = blank(p); *p;) {
        if (*p == '"') {
            p = after_string(p);
            if (depth == 0) return p;
            continue;
        }
        if (*p == '{' || *p == '[') depth++;
        if (depth == 0 && (*p == ',' || *p == '}' || *p == ']')) return p;
        if ((*p == '}' || *p == ']') && --depth == 0) return p + 1;
        p++;
    }
    return p;
}

/* The value of a key of the object at p, or NULL. */
static const char *get(const char *p, const char *key)
{
    size_t length = strlen(key);
    if (!p || *(p = blank(p)) != '{') return NULL;
    for (p = blank(p + 1); *p == '"';) {
        int found = strncmp(p + 1, key, length) == 0 && p[1 + length] == '"';
        p = blank(after_string(p));
        if (*p != ':') return NULL;
        p = blank(p + 1);
        if (found) return p;
        p = blank(after_value(p));
        if (*p != ',') return NULL;
        p = blank(p + 1);
    }
    return NULL;
}

/* Copy a string value of fewer than size characters; 0 if it is none, too long, or has escapes, which no word of the protocol needs. */
static int text(const char *p, char *to, size_t size)
{
    if (!p || *p++ != '"') return 0;
    for (; *p && *p != '"' && *p != '\\' && size > 1; size--) *to++ = *p++;
    *to = 0;
    return *p == '"';
}

static int is(const char *p, const char *word)
{
    char found[32];
    return text(p, found, sizeof found) && strcmp(found, word) == 0;
}

/* ---- Part 3: the protocol ------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    size_t bytes;
} DTYPES[] = {{"float32", 4}, {"float64", 8}, {"float16", 2}, {"int8", 1},  {"int16", 2},     {"int32", 4},      {"int64", 8},
              {"uint8", 1},   {"uint16", 2},  {"uint32", 4},  {"uint64", 8}, {"bool", 1}, {"complex64", 8}, {"complex128", 16}};

typedef struct {
    size_t shape[5], bytes, count; /* bytes of an element, number of elements */
    char dtype[16];
    unsigned char *data;
} Tensor;

static Spec spec;
static int ready = 0; /* whether a spec came */

/* Read a whole line of any length; NULL at the end of input. */
static char *read_line(void)
{
    static char *line = NULL;
    static size_t room = 0;
    size_t used = 0;
    if (!room) line = malloc(room = 1 << 16);
    while (line && fgets(line + used, (int)(room - used), stdin)) {
        used += strlen(line + used);
        if (used && line[used - 1] == '\n') return line;
        if (used + 1 == room) line = realloc(line, room *= 2);
    }
    if (!line) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    return NULL;
}

/* Read "T+H+W" and the like; 0 if it is not that. */
static int read_terms(const char *p)
{
    int seen[8] = {0}; /* by set of axes */
    for (spec.terms = 0; spec.terms < MOST_TERMS;) {
        int set = 0, axes = 0;
        for (; *p && *p != '+'; p++) {
            int axis = *p == 'T' ? T : *p == 'H' ? H : *p == 'W' ? W : -1;
            if (axis < 0 || set >> axis) return 0; /* unknown, repeated, or out of order */
            set |= 1 << axis;
            spec.axis[spec.terms][axes++] = axis;
        }
        if (!set || seen[set]++) return 0;
        spec.axes[spec.terms++] = axes;
        if (!*p++) return 1;
    }
    return 0;
}

/* Read "3/8", "0" or "1"; 0 if it is no fraction in [0, 1], or longer than this arithmetic is exact for. */
static int read_alpha(const char *p)
{
    char *end;
    if (*p < '0' || *p > '9') return 0;
    spec.numerator = strtoull(p, &end, 10);
    spec.denominator = *end == '/' ? strtoull(end + 1, &end, 10) : 1;
    return !*end && spec.denominator >= 1 && spec.denominator < 1ull << 32 && spec.numerator <= spec.denominator;
}

static const char *read_spec(const char *p)
{
    char word[64];
    ready = 0;
    if (!text(get(p, "terms"), word, sizeof word) || !read_terms(word)) return "no such terms";
    if (!text(get(p, "alpha"), word, sizeof word) || !read_alpha(word)) return "alpha is no short fraction in [0, 1]";
    spec.first = is(get(p, "order"), "forward-first") ? 1 : -1;
    if (spec.first < 0 && !is(get(p, "order"), "backward-first")) return "no such order";
    spec.exact = is(get(p, "rounding"), "exact");
    if (!spec.exact && !is(get(p, "rounding"), "floor")) return "no such rounding";
    ready = 1;
    return NULL;
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Read {"dtype", "shape", "hex"}; what is wrong, or NULL. */
static const char *read_tensor(const char *p, Tensor *x)
{
    const char *shape = get(p, "shape"), *hex = get(p, "hex");
    char *end;
    x->bytes = 0;
    if (!text(get(p, "dtype"), x->dtype, sizeof x->dtype)) return "a tensor needs a dtype";
    for (size_t i = 0; i < sizeof DTYPES / sizeof *DTYPES; i++)
        if (strcmp(DTYPES[i].name, x->dtype) == 0) x->bytes = DTYPES[i].bytes;
    if (!x->bytes) return "no such dtype";
    if (!shape || !hex || *shape++ != '[' || *hex++ != '"') return "a tensor needs a shape and hex";
    x->count = 1;
    for (int i = 0; i < 5; i++) {
        x->shape[i] = strtoull(shape, &end, 10);
        x->count *= x->shape[i];
        shape = blank(end);
        if (*shape++ != (i < 4 ? ',' : ']')) return "the shape must be N, T, C, H, W";
    }
    x->data = malloc(x->count * x->bytes + 1);
    if (!x->data) return "out of memory";
    for (size_t i = 0; i < x->count * x->bytes; i++, hex += 2) {
        int high = digit(hex[0]), low = high < 0 ? -1 : digit(hex[1]);
        if (low < 0) return "hex is too short, or holds something else";
        x->data[i] = (unsigned char)(high << 4 | low);
    }
    return *hex == '"' ? NULL : "hex is too long";
}

static void write_tensor(const Tensor *x, const unsigned char *data)
{
    printf("{\"dtype\":\"%s\",\"shape\":[", x->dtype);
    for (int i = 0; i < 5; i++) printf(i ? ",%zu" : "%zu", x->shape[i]);
    fputs("],\"hex\":\"", stdout);
    for (size_t i = 0; i < x->count * x->bytes; i++) {
        putchar("0123456789abcdef"[data[i] >> 4]);
        putchar("0123456789abcdef"[data[i] & 15]);
    }
    fputs("\"}", stdout);
}

static void answer_run(const char *line)
{
    const char *seq = get(line, "seq"), *op = get(line, "op"), *why = NULL;
    const char *name = is(op, "forward") ? "x" : is(op, "vjp") ? "grad" : is(op, "jvp") ? "dx" : NULL;
    Tensor x = {{0}, 0, 0, "", NULL};
    unsigned char *y = NULL;

    printf("{\"seq\":%llu,", seq ? strtoull(seq, NULL, 10) : 0ull);
    if (!name) {
        fputs("\"skipped\":\"no such op\"}\n", stdout);
        return;
    }
    if (!ready) why = "no spec was given";
    if (!why) why = read_tensor(get(line, name), &x);
    if (!why && spec.exact && !divides(&spec, x.shape[2])) why = "a share is no whole number of channels, and rounding is exact";
    if (!why && !(y = malloc(x.count * x.bytes + 1))) why = "out of memory";
    if (why) {
        printf("\"error\":\"%s\"}\n", why);
    } else {
        Shape s = {x.shape[0], x.shape[1], x.shape[2], x.shape[3], x.shape[4]};
        stsm(&spec, strcmp(name, "grad") == 0 ? -1 : 1, x.data, y, s, x.bytes);
        fputs("\"result\":", stdout);
        write_tensor(&x, y);
        fputs("}\n", stdout);
    }
    free(x.data);
    free(y);
}

int main(void)
{
    for (char *line; (line = read_line());) {
        const char *cmd = get(line, "cmd"), *why;
        if (is(cmd, "start")) {
            puts("{\"version\":1,\"name\":\"stsm_client\",\"language\":\"c\",\"layout\":\"NTCHW\",\"ops\":[\"forward\",\"vjp\",\"jvp\"]}");
        } else if (is(cmd, "spec")) {
            if ((why = read_spec(get(line, "spec"))))
                printf("{\"ok\":false,\"why\":\"%s\"}\n", why);
            else
                puts("{\"ok\":true}");
        } else if (is(cmd, "run")) {
            answer_run(line);
        } else if (is(cmd, "stop")) {
            return 0;
        } else {
            fprintf(stderr, "not a command of the protocol: %.80s\n", line);
            return 1;
        }
        fflush(stdout); /* each answer at once: the other side waits for it */
    }
    return 0;
}
