/* A library with the calls of NVML that `haze track` makes. Answers come from the lines of a file: see nvidia.rs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, INVALID = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, TOO_SMALL = 7 };

typedef struct { char key[32]; } device;
typedef struct { unsigned pid; unsigned long long memory; unsigned gpu, compute; } process;
typedef struct { unsigned multi, copy, decode, encode, jpeg, ofa, gpu_slices, compute_slices; unsigned long long mb; } attributes;

static device boards[8], slices[8][8];

/* The text after "key " of a line, or its error. */
static int text(const char *key, char *out, int size) {
    char line[512];
    size_t n = strlen(key);
    int status = NOT_SUPPORTED;
    FILE *file = fopen(STATE, "r");
    if (!file) return NOT_SUPPORTED;
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        if (strncmp(line, key, n) || (line[n] != ' ' && line[n] != 0)) continue;
        const char *value = line[n] ? line + n + 1 : "";
        status = value[0] == '!' ? atoi(value + 1) : SUCCESS;
        snprintf(out, size, "%s", value);
        break;
    }
    fclose(file);
    return status;
}

static int of(const device *d, const char *what, char *out, int size) {
    char key[64];
    snprintf(key, sizeof key, "%s.%s", d->key, what);
    return text(key, out, size);
}

static int number(const device *d, const char *what, double *out) {
    char value[512];
    int status = of(d, what, value, sizeof value);
    if (!status) *out = atof(value);
    return status;
}

static int whole(const device *d, const char *what, unsigned *out) {
    double value = 0;
    int status = number(d, what, &value);
    if (!status) *out = (unsigned)value;
    return status;
}

int nvmlInit_v2(void) {
    char value[64];
    int status = text("init", value, sizeof value);
    return status == NOT_SUPPORTED ? SUCCESS : status;
}

int nvmlShutdown(void) { return SUCCESS; }

int nvmlDeviceGetCount_v2(unsigned *count) {
    char value[64];
    int status = text("count", value, sizeof value);
    if (!status) *count = (unsigned)atoi(value);
    return status;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, device **out) {
    char value[64];
    if (index >= 8) return INVALID;
    snprintf(boards[index].key, sizeof boards[index].key, "%u", index);
    *out = &boards[index];
    int status = of(*out, "handle", value, sizeof value);
    return status == NOT_SUPPORTED ? SUCCESS : status;
}

int nvmlDeviceGetName(device *d, char *name, unsigned size) { return of(d, "name", name, (int)size); }
int nvmlDeviceGetPowerManagementDefaultLimit(device *d, unsigned *mw) { return whole(d, "limit", mw); }
int nvmlDeviceGetPowerUsage(device *d, unsigned *mw) { return whole(d, "power", mw); }

int nvmlDeviceGetTotalEnergyConsumption(device *d, unsigned long long *mj) {
    double value = 0;
    int status = number(d, "energy", &value);
    if (!status) *mj = (unsigned long long)value;
    return status;
}

int nvmlDeviceGetUtilizationRates(device *d, unsigned *gpu_and_memory) {
    gpu_and_memory[1] = 0;
    return whole(d, "use", gpu_and_memory);
}

int nvmlDeviceGetComputeRunningProcesses_v3(device *d, unsigned *count, process *out) {
    char value[512];
    int status = of(d, "pids", value, sizeof value);
    if (status == NOT_SUPPORTED && strchr(d->key, '.')) { value[0] = 0; status = SUCCESS; }
    if (status) return status;
    unsigned n = 0, room = *count;
    for (char *next = strtok(value, ","); next; next = strtok(NULL, ",")) {
        if (out && n < room) {
            memset(&out[n], 0, sizeof *out);
            out[n].pid = (unsigned)atoi(next);
        }
        n++;
    }
    *count = n;
    return n > room || (n && !out) ? TOO_SMALL : SUCCESS;
}

int nvmlDeviceGetMigMode(device *d, unsigned *now, unsigned *later) {
    *later = 0;
    return whole(d, "mig", now);
}

int nvmlDeviceGetMaxMigDeviceCount(device *d, unsigned *count) { return whole(d, "mig.max", count); }

int nvmlDeviceGetMigDeviceHandleByIndex(device *d, unsigned index, device **out) {
    char what[32];
    unsigned value;
    int board = atoi(d->key);
    snprintf(what, sizeof what, "mig.%u.slices", index);
    if (index >= 8 || whole(d, what, &value)) return NOT_FOUND;
    *out = &slices[board][index];
    snprintf((*out)->key, sizeof (*out)->key, "%d.mig.%u", board, index);
    return SUCCESS;
}

int nvmlDeviceGetAttributes_v2(device *d, attributes *out) {
    memset(out, 0, sizeof *out);
    return whole(d, "slices", &out->compute_slices);
}
