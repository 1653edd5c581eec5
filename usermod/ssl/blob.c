// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/builtin.h"
#include "py/mperrno.h"
#include "py/objstr.h"
#include "py/runtime.h"
#include "py/stream.h"

#include "mbedtls/platform_util.h"

#include "blob.h"
#include "error.h"
#include "memory.h"

#define PEM_HEADER "-----BEGIN "
#define FILE_LIMIT (1024 * 1024) // bytes; the CA bundle of a desktop has a quarter of it

static bool has_pem_header(const unsigned char *data, size_t len) {
    size_t n = strlen(PEM_HEADER);
    for (size_t i = 0; i + n <= len; ++i) {
        if (data[i] == '-' && memcmp(data + i, PEM_HEADER, n) == 0) {
            return true;
        }
    }
    return false;
}

static void own(mpy_ssl_blob_t *blob, size_t len) {
    blob->owned = mpy_ssl_calloc(1, len + 1);
    if (blob->owned == NULL) {
        mpy_ssl_error_no_memory();
    }
    blob->data = blob->owned;
    blob->len = len;
}

static mp_uint_t file_seek(mp_obj_t file, mp_off_t offset, int whence) {
    struct mp_stream_seek_t seek = {.offset = offset, .whence = whence};
    int error;
    if (mp_get_stream(file)->ioctl(file, MP_STREAM_SEEK, (uintptr_t)&seek, &error) == MP_STREAM_ERROR) {
        mp_raise_OSError(error);
    }
    return (mp_uint_t)seek.offset;
}

static void read_file(mpy_ssl_blob_t *blob, mp_obj_t file) {
    mp_uint_t size = file_seek(file, 0, MP_SEEK_END);
    if (size > FILE_LIMIT) {
        mp_raise_OSError(MP_EFBIG);
    }
    file_seek(file, 0, MP_SEEK_SET);
    own(blob, size);
    int error;
    mp_uint_t n = mp_stream_rw(file, blob->owned, size, &error, MP_STREAM_RW_READ);
    if (error != 0 || n != size) {
        mp_raise_OSError(error != 0 ? error : MP_EIO);
    }
}

static void read_path(mpy_ssl_blob_t *blob, mp_obj_t path) {
    mp_obj_t args[] = {path, MP_OBJ_NEW_QSTR(MP_QSTR_rb)};
    mp_obj_t file = mp_call_function_n_kw(MP_OBJ_FROM_PTR(&mp_builtin_open_obj), MP_ARRAY_SIZE(args), 0, args);
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        read_file(blob, file);
        nlr_pop();
        mp_stream_close(file);
    } else {
        mp_stream_close(file);
        nlr_jump(nlr.ret_val);
    }
}

static void read_source(mpy_ssl_blob_t *blob, mp_obj_t source) {
    mp_buffer_info_t buffer;
    if (!mp_get_buffer(source, &buffer, MP_BUFFER_READ)) {
        size_t len;
        mp_obj_str_get_data(source, &len); // raises the usual TypeError
    }
    bool pem = has_pem_header(buffer.buf, buffer.len);
    if (mp_obj_is_str(source) && !pem) {
        read_path(blob, source);
        pem = has_pem_header(blob->data, blob->len);
    } else if (pem) {
        own(blob, buffer.len);
        memcpy(blob->owned, buffer.buf, buffer.len);
    } else {
        blob->data = buffer.buf;
        blob->len = buffer.len;
    }
    blob->pem = pem;
}

// An OSError of a path gets the path as second argument, if there is memory for that.
static mp_obj_t name_file(mp_obj_t exception, mp_obj_t source) {
    mp_obj_t args[] = {mp_obj_exception_get_value(exception), source};
    nlr_buf_t nlr;
    if (mp_obj_is_str(source) && mp_obj_get_type(exception) == &mp_type_OSError && nlr_push(&nlr) == 0) {
        mp_obj_t named = mp_obj_new_exception_args(&mp_type_OSError, MP_ARRAY_SIZE(args), args);
        nlr_pop();
        return named;
    }
    return exception;
}

mp_obj_t mpy_ssl_blob_read(mpy_ssl_blob_t *blob, mp_obj_t source) {
    memset(blob, 0, sizeof(*blob));
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        read_source(blob, source);
        nlr_pop();
        return MP_OBJ_NULL;
    }
    return name_file(MP_OBJ_FROM_PTR(nlr.ret_val), source);
}

void mpy_ssl_blob_free(mpy_ssl_blob_t *blob) {
    if (blob->owned != NULL) {
        mbedtls_platform_zeroize(blob->owned, blob->len);
        mpy_ssl_free(blob->owned);
    }
    memset(blob, 0, sizeof(*blob));
}
