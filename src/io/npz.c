/* .npz: a zip archive of .npy files, read and written with libzip in memory. */
#include "formats.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "gzip.h"

#if TG_WITH_LIBZIP
#include <zip.h>

#define READ_STEP ((size_t)64 * 1024)
#define SMALLEST_ARCHIVE 22    /* an end record alone */
#define ZLIB_MEMORY_ERROR (-4) /* zlib's Z_MEM_ERROR, which libzip passes on */

static tg_status status_of_zip_error(int code)
{
    switch (code) {
    case ZIP_ER_OK:
        return TG_OK;
    case ZIP_ER_MEMORY:
        return TG_ERR_MEMORY;
    case ZIP_ER_MULTIDISK:
    case ZIP_ER_COMPNOTSUPP:
    case ZIP_ER_ENCRNOTSUPP:
    case ZIP_ER_OPNOTSUPP:
    case ZIP_ER_NOPASSWD:
    case ZIP_ER_WRONGPASSWD:
        return TG_ERR_UNSUPPORTED;
    case ZIP_ER_EXISTS:
        return TG_ERR_NAME;
    case ZIP_ER_SEEK: /* the archive is in memory: a place that cannot be reached is a wrong offset */
    case ZIP_ER_READ:
    case ZIP_ER_TELL:
    case ZIP_ER_CRC:
    case ZIP_ER_NOENT:
    case ZIP_ER_ZLIB:
    case ZIP_ER_EOF:
    case ZIP_ER_INVAL:
    case ZIP_ER_NOZIP:
    case ZIP_ER_INCONS:
    case ZIP_ER_COMPRESSED_DATA:
        return TG_ERR_FORMAT;
    default:
        return TG_ERR_IO;
    }
}

static tg_status fail_zip(tg_diag *diag, const char *label, const char *doing, zip_error_t *error)
{
    tg_status status = status_of_zip_error(zip_error_code_zip(error));
    if (zip_error_code_zip(error) == ZIP_ER_ZLIB && zip_error_code_system(error) == ZLIB_MEMORY_ERROR)
        status = TG_ERR_MEMORY;
    /* Where libzip fails without a code, it ran out of memory. */
    if (status == TG_OK) return tg_fail(diag, TG_ERR_MEMORY, "%s: cannot %s: out of memory", label, doing);
    return tg_fail(diag, status, "%s: cannot %s: %s", label, doing, zip_error_strerror(error));
}

/* An archive over memory. zip_source_buffer_create copies nothing; bytes must outlive the archive. */
static tg_status open_archive(const void *bytes, size_t size, int flags, const char *name, zip_t **archive,
                              zip_source_t **source, tg_diag *diag)
{
    zip_error_t error;
    zip_error_init(&error);
    tg_status status = TG_OK;
    *archive = NULL;
    *source = zip_source_buffer_create(bytes, size, 0, &error);
    if (*source != NULL) *archive = zip_open_from_source(*source, flags, &error);
    if (*archive == NULL) {
        status = fail_zip(diag, name, "open the zip archive", &error);
        zip_source_free(*source);
    }
    zip_error_fini(&error);
    return status;
}

/* Whether the entry can be an array, and whether its sizes are possible. *left is what remains of the archive's
 * bytes: entries that share bytes would let a small file grow without bound. */
static tg_status check_entry(const zip_stat_t *entry, const char *label, uint64_t *left, tg_diag *diag)
{
    zip_uint64_t needed =
        ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if ((entry->valid & needed) != needed)
        return tg_fail(diag, TG_ERR_FORMAT, "%s: the zip entry's sizes are missing", label);
    if (entry->encryption_method != ZIP_EM_NONE)
        return tg_fail(diag, TG_ERR_UNSUPPORTED, "%s: the zip entry is encrypted", label);
    if (entry->comp_method != ZIP_CM_STORE && entry->comp_method != ZIP_CM_DEFLATE)
        return tg_fail(diag, TG_ERR_UNSUPPORTED, "%s: zip compression method %u, expected stored or deflated",
                       label, (unsigned)entry->comp_method);
    if (entry->comp_size > *left)
        return tg_fail(diag, TG_ERR_FORMAT, "%s: %" PRIu64 " compressed bytes, but only %" PRIu64 " are left",
                       label, entry->comp_size, *left);
    *left -= entry->comp_size;
    bool possible = entry->comp_method == ZIP_CM_STORE
                        ? entry->size == entry->comp_size
                        : entry->size / TG_DEFLATE_MAX_RATIO <= entry->comp_size;
    if (!possible || entry->size > SIZE_MAX / 2)
        return tg_fail(diag, TG_ERR_FORMAT, "%s: %" PRIu64 " bytes cannot come from %" PRIu64, label,
                       entry->size, entry->comp_size);
    return TG_OK;
}

static tg_status read_some(zip_file_t *file, size_t wanted, const char *label, tg_bytes *out, tg_diag *diag)
{
    while (wanted > 0) {
        size_t step = wanted < READ_STEP ? wanted : READ_STEP;
        if (!tg_bytes_reserve(out, step))
            return tg_fail(diag, TG_ERR_MEMORY, "%s: out of memory after %zu bytes", label, out->size);
        zip_int64_t got = zip_fread(file, out->data + out->size, step);
        if (got < 0) return fail_zip(diag, label, "read the zip entry", zip_file_get_error(file));
        if (got == 0)
            return tg_fail(diag, TG_ERR_FORMAT, "%s: the zip entry ends %zu bytes too early", label, wanted);
        out->size += (size_t)got;
        wanted -= (size_t)got;
    }
    return TG_OK;
}

/* Reads the entry: first as much as holds any header, so that a false size is found before more is read. */
static tg_status read_entry(zip_file_t *file, size_t size, const char *label, tg_bytes *out, tg_diag *diag)
{
    size_t first = size < TG_NPY_HEADER_MAX ? size : TG_NPY_HEADER_MAX;
    tg_status status = read_some(file, first, label, out, diag);
    if (status != TG_OK) return status;
    tg_npy_header header;
    status = tg_npy_parse_header(out->data, out->size, label, &header, diag);
    if (status != TG_OK) return status;
    if (header.data_bytes != size - header.data_offset)
        return tg_fail(diag, TG_ERR_FORMAT, "%s: expected %zu bytes of data for the shape, found %zu", label,
                       header.data_bytes, size - header.data_offset);
    status = read_some(file, size - first, label, out, diag);
    if (status != TG_OK) return status;
    unsigned char more;
    zip_int64_t got = zip_fread(file, &more, 1); /* the CRC is compared at the end */
    if (got < 0) return fail_zip(diag, label, "read the zip entry", zip_file_get_error(file));
    if (got > 0) return tg_fail(diag, TG_ERR_FORMAT, "%s: the zip entry is longer than it says", label);
    return TG_OK;
}

static tg_status load_entry(zip_t *archive, const zip_stat_t *entry, const char *label, tg_bundle *out,
                            tg_diag *diag)
{
    zip_file_t *file = zip_fopen_index(archive, entry->index, 0);
    if (file == NULL) return fail_zip(diag, label, "open the zip entry", zip_get_error(archive));
    tg_bytes bytes = {0};
    tg_array *array = NULL;
    tg_status status = read_entry(file, (size_t)entry->size, label, &bytes, diag);
    zip_fclose(file);
    if (status == TG_OK) status = tg_npy_parse(bytes.data, bytes.size, label, &array, diag);
    tg_bytes_clear(&bytes);
    if (status != TG_OK) return status;

    char *name = tg_text_copy(entry->name, strlen(entry->name) - strlen(".npy"));
    if (name == NULL) {
        tg_array_free(array);
        return tg_fail(diag, TG_ERR_MEMORY, "%s: out of memory for the name", label);
    }
    tg_diag cause = {0};
    status = tg_bundle_add(out, name, array, &cause);
    free(name);
    if (status == TG_OK) return TG_OK;
    return tg_fail(diag, status == TG_ERR_NAME ? TG_ERR_FORMAT : status, "%s: %s", label, cause.message);
}

static tg_status load_all(zip_t *archive, size_t size, const char *name, tg_bundle *out, tg_diag *diag)
{
    zip_int64_t count = zip_get_num_entries(archive, 0);
    uint64_t left = size;
    for (zip_int64_t i = 0; i < count; i++) {
        zip_stat_t entry;
        char label[256];
        snprintf(label, sizeof label, "%s: entry %lld", name, (long long)i);
        if (zip_stat_index(archive, (zip_uint64_t)i, 0, &entry) != 0)
            return fail_zip(diag, label, "find the zip entry", zip_get_error(archive));
        size_t length = (entry.valid & ZIP_STAT_NAME) != 0 ? strlen(entry.name) : 0;
        if (length < 5 || strcmp(entry.name + length - 4, ".npy") != 0)
            return tg_fail(diag, TG_ERR_FORMAT, "%s: expected a name that ends in .npy, found '%.100s'",
                           label, length > 0 ? entry.name : "");
        snprintf(label, sizeof label, "%.150s: %.100s", name, entry.name);
        tg_status status = check_entry(&entry, label, &left, diag);
        if (status == TG_OK) status = load_entry(archive, &entry, label, out, diag);
        if (status != TG_OK) return status;
    }
    return TG_OK;
}

tg_status tg_npz_parse(const void *bytes, size_t size, const char *name, tg_bundle *out, tg_diag *diag)
{
    /* libzip takes an empty file for an empty archive. */
    if (size < SMALLEST_ARCHIVE)
        return tg_fail(diag, TG_ERR_FORMAT, "%s: not a zip archive: %zu bytes", name, size);
    zip_t *archive;
    zip_source_t *source;
    tg_status status = open_archive(bytes, size, ZIP_RDONLY | ZIP_CHECKCONS, name, &archive, &source, diag);
    if (status != TG_OK) return status;
    tg_bundle loaded = {0};
    status = load_all(archive, size, name, &loaded, diag);
    zip_discard(archive);
    if (status == TG_OK)
        *out = loaded;
    else
        tg_bundle_clear(&loaded);
    return status;
}

/* Adds a file to the archive, stored, with a fixed time: the same arrays give the same bytes, whatever the day and
 * the version of zlib. The archive does not own the file's bytes. */
static tg_status add_file(zip_t *archive, const char *entry_name, const tg_bytes *file, const char *label,
                          tg_diag *diag)
{
    zip_source_t *source = zip_source_buffer(archive, file->data, file->size, 0);
    if (source == NULL) return fail_zip(diag, label, "add the array", zip_get_error(archive));
    zip_int64_t index = zip_file_add(archive, entry_name, source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
        tg_status status = fail_zip(diag, label, "add the array", zip_get_error(archive));
        zip_source_free(source);
        return status;
    }
    const zip_uint16_t no_time = 0, first_day = 1 << 5 | 1; /* 1980-01-01, where zip's calendar begins */
    if (zip_set_file_compression(archive, (zip_uint64_t)index, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_dostime(archive, (zip_uint64_t)index, no_time, first_day, 0) != 0)
        return fail_zip(diag, label, "describe the array", zip_get_error(archive));
    return TG_OK;
}

/* Makes the array's file in *file, which must outlive the archive, and adds it. */
static tg_status add_array(zip_t *archive, const tg_named_array *item, const char *name, tg_bytes *file,
                           tg_diag *diag)
{
    char label[256];
    tg_bytes entry_name = {0};
    tg_status status = tg_array_name_check(item->name, name, diag);
    if (status != TG_OK) return status;
    snprintf(label, sizeof label, "%.150s: %.100s", name, item->name);
    status = tg_npy_serialise(item->array, label, file, diag);
    if (status != TG_OK) return status;
    if (tg_bytes_append_text(&entry_name, item->name) && tg_bytes_append(&entry_name, ".npy", sizeof ".npy"))
        status = add_file(archive, (const char *)entry_name.data, file, label, diag);
    else
        status = tg_fail(diag, TG_ERR_MEMORY, "%s: out of memory for the name", label);
    tg_bytes_clear(&entry_name);
    return status;
}

static tg_status copy_archive(zip_source_t *source, const char *name, tg_bytes *out, tg_diag *diag)
{
    zip_stat_t stat;
    if (zip_source_stat(source, &stat) != 0 || (stat.valid & ZIP_STAT_SIZE) == 0)
        return fail_zip(diag, name, "measure the archive", zip_source_error(source));
    if (stat.size > SIZE_MAX / 2 || !tg_bytes_reserve(out, (size_t)stat.size))
        return tg_fail(diag, TG_ERR_MEMORY, "%s: out of memory for the archive", name);
    if (zip_source_open(source) != 0)
        return fail_zip(diag, name, "open the archive made", zip_source_error(source));
    zip_int64_t got = zip_source_read(source, out->data + out->size, stat.size);
    tg_status status = TG_OK;
    if (got < 0 || (zip_uint64_t)got != stat.size)
        status = fail_zip(diag, name, "copy the archive", zip_source_error(source));
    else
        out->size += (size_t)got;
    zip_source_close(source);
    return status;
}

/* Appends the archive to *out. files has room for the file of each array. */
static tg_status make_archive(const tg_bundle *arrays, const char *name, tg_bytes *files, tg_bytes *out,
                              tg_diag *diag)
{
    zip_t *archive;
    zip_source_t *source;
    tg_status status = open_archive(NULL, 0, ZIP_CREATE | ZIP_TRUNCATE, name, &archive, &source, diag);
    if (status != TG_OK) return status;
    for (size_t i = 0; i < arrays->count && status == TG_OK; i++)
        status = add_array(archive, &arrays->items[i], name, &files[i], diag);
    if (status != TG_OK) {
        zip_discard(archive);
        return status;
    }
    zip_source_keep(source); /* else closing the archive would free what it wrote */
    if (zip_close(archive) != 0) {
        status = fail_zip(diag, name, "make the archive", zip_get_error(archive));
        zip_discard(archive);
    } else {
        status = copy_archive(source, name, out, diag);
    }
    zip_source_free(source);
    return status;
}

tg_status tg_npz_serialise(const tg_bundle *arrays, const char *name, tg_bytes *out, tg_diag *diag)
{
    if (arrays->count == 0) { /* libzip would write no archive at all */
        const unsigned char end_record[SMALLEST_ARCHIVE] = "PK\5\6";
        if (tg_bytes_append(out, end_record, sizeof end_record)) return TG_OK;
        return tg_fail(diag, TG_ERR_MEMORY, "%s: out of memory for the archive", name);
    }
    tg_bytes *files = calloc(arrays->count, sizeof *files);
    if (files == NULL) return tg_fail(diag, TG_ERR_MEMORY, "%s: out of memory for the archive", name);
    tg_status status = make_archive(arrays, name, files, out, diag);
    for (size_t i = 0; i < arrays->count; i++) tg_bytes_clear(&files[i]);
    free(files);
    return status;
}

#else

static tg_status fail_without_libzip(const char *name, tg_diag *diag)
{
    return tg_fail(diag, TG_ERR_UNSUPPORTED, "%s: npz files need libzip: build with the package libzip",
                   name);
}

tg_status tg_npz_parse(const void *bytes, size_t size, const char *name, tg_bundle *out, tg_diag *diag)
{
    (void)bytes, (void)size, (void)out;
    return fail_without_libzip(name, diag);
}

tg_status tg_npz_serialise(const tg_bundle *arrays, const char *name, tg_bytes *out, tg_diag *diag)
{
    (void)arrays, (void)out;
    return fail_without_libzip(name, diag);
}

#endif

tg_status tg_npz_load(const char *path, tg_bundle *out, tg_diag *diag)
{
    if (path == NULL || out == NULL)
        return tg_fail(diag, TG_ERR_NULL, "tg_npz_load: %s is NULL", path == NULL ? "path" : "out");
    if (out->count != 0 || out->items != NULL)
        return tg_fail(diag, TG_ERR_ARGUMENT, "%s: the bundle to load into is not empty", path);
    tg_bytes bytes = {0};
    tg_status status = tg_file_read(path, &bytes, diag);
    if (status == TG_OK) status = tg_npz_parse(bytes.data, bytes.size, path, out, diag);
    tg_bytes_clear(&bytes);
    return status;
}

tg_status tg_npz_save(const char *path, const tg_bundle *arrays, tg_diag *diag)
{
    if (path == NULL || arrays == NULL)
        return tg_fail(diag, TG_ERR_NULL, "tg_npz_save: %s is NULL", path == NULL ? "path" : "arrays");
    tg_bytes bytes = {0};
    tg_status status = tg_npz_serialise(arrays, path, &bytes, diag);
    if (status == TG_OK) status = tg_file_write(path, &bytes, 1, diag);
    tg_bytes_clear(&bytes);
    return status;
}
