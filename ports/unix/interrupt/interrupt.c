// SPDX-License-Identifier: MIT
//
// Ctrl-C that cannot be missed.
//
// MicroPython looks for a Ctrl-C when a system call ends with EINTR. One that comes just before the call begins, or
// on another thread, interrupts nothing: the call waits, and the next Ctrl-C ends the process. So, until the exception
// is raised, the main thread gets a SIGALRM every 10 ms, which interrupts the call that has begun by then. Nothing else
// in the process uses that signal: MicroPython does not, and without `ffi` no script can.

#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

#include "py/runtime.h"

#define PERIOD_US (10000)

void __real_mp_sched_keyboard_interrupt(void);
void __wrap_mp_sched_keyboard_interrupt(void);

static pthread_t main_thread;

static void remind(int signal_number) {
    (void)signal_number;
    if (MP_STATE_MAIN_THREAD(mp_pending_exception) == MP_OBJ_NULL) {
        return;
    }
    if (!pthread_equal(pthread_self(), main_thread)) {
        pthread_kill(main_thread, SIGALRM);
        return;
    }
    struct itimerval once = { .it_value = { .tv_usec = PERIOD_US } };
    setitimer(ITIMER_REAL, &once, NULL);
}

__attribute__((constructor)) static void set_up(void) {
    main_thread = pthread_self();
    struct sigaction action = { .sa_handler = remind }; // without SA_RESTART, or nothing would be interrupted
    sigaction(SIGALRM, &action, NULL);
}

// Called by the signal handler of SIGINT, on any thread.
void __wrap_mp_sched_keyboard_interrupt(void) {
    __real_mp_sched_keyboard_interrupt();
    remind(SIGALRM);
}
