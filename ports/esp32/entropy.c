// SPDX-License-Identifier: MIT
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdkconfig.h"
#include "bootloader_random.h"
#include "esp_random.h"
#if CONFIG_ESP_WIFI_ENABLED && __has_include("esp_wifi.h")
#include "esp_wifi.h"
#define HAS_WIFI 1
#endif
#if CONFIG_BT_ENABLED && __has_include("esp_bt.h")
#include "esp_bt.h"
#define HAS_BLUETOOTH 1
#endif

#include "accelerator.h"
#include "entropy.h"

const char *mpy_ssl_entropy_name(void) {
    #if MPY_SSL_EMULATED
    return "emulated entropy"; // whatever the emulator puts into the register
    #else
    return CONFIG_IDF_TARGET " random number generator";
    #endif
}

// Asking about a radio must not bring its driver into an image that is without: these are NULL there.
#pragma weak esp_wifi_get_max_tx_power
#pragma weak esp_bt_controller_get_status

static bool wifi_is_on(void) {
    #if HAS_WIFI
    int8_t power;
    return esp_wifi_get_max_tx_power != NULL && esp_wifi_get_max_tx_power(&power) == ESP_OK; // an error unless started
    #else
    return false;
    #endif
}

static bool bluetooth_is_on(void) {
    #if HAS_BLUETOOTH
    return esp_bt_controller_get_status != NULL && esp_bt_controller_get_status() == ESP_BT_CONTROLLER_STATUS_ENABLED;
    #else
    return false;
    #endif
}

int __wrap_mbedtls_hardware_poll(void *data, unsigned char *output, size_t len, size_t *olen) {
    (void)data;
    bool silent = !wifi_is_on() && !bluetooth_is_on();
    if (silent) {
        bootloader_random_enable();
    }
    esp_fill_random(output, len);
    if (silent) {
        bootloader_random_disable();
    }
    *olen = len;
    return 0;
}
