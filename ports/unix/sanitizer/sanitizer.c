// SPDX-License-Identifier: MIT
//
// Run-time options of the sanitizers, part of the program so that no environment
// has to be set up; ASAN_OPTIONS, UBSAN_OPTIONS and LSAN_OPTIONS still override them.

#include "py/gc.h"
#include "py/runtime.h"

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
void __real_mp_deinit(void);
void __wrap_mp_deinit(void);

// The garbage collector looks for pointers on the real stack, so locals have to
// stay there. A failed allocation is a NULL, as everywhere else. Exit status 99
// tells a sanitizer's report from an exception of the script.
__attribute__((used, no_sanitize("address"))) const char *__asan_default_options(void) {
    return "detect_stack_use_after_return=0:detect_leaks=1:allocator_may_return_null=1:exitcode=99";
}

__attribute__((used, no_sanitize("address"))) const char *__ubsan_default_options(void) {
    return "print_stacktrace=1:halt_on_error=1";
}

// Runs all finalisers before the check for leaks. What is reported after that
// has been lost by C code; nothing that a script merely still held is.
void __wrap_mp_deinit(void) {
    gc_sweep_all();
    __real_mp_deinit();
}
