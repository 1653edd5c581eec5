// SPDX-License-Identifier: MIT
//
// The Python module `openeth`: the network of an emulated ESP32. Espressif's QEMU has an OpenCores Ethernet controller on
// `-nic user,model=open_eth`, which network.LAN() knows only from MicroPython 1.29 on; this works with all.
//
//   openeth.start()     starts the interface and its DHCP client; later calls do nothing
//   openeth.address()   its IPv4 address as a string, or None as long as there is none
#include <stdlib.h>
#include <string.h>

#include "esp_eth.h"
#if __has_include("esp_eth_mac_openeth.h")
#include "esp_eth_mac_openeth.h"
#endif
#include "esp_mac.h"
#include "esp_netif.h"
#include "py/mperrno.h"
#include "py/runtime.h"

#define NEGOTIATION_MS 100 // the emulated PHY has nothing to negotiate

static esp_netif_t *netif;

static void check(esp_err_t error) {
    if (error != ESP_OK) {
        mp_raise_msg_varg(&mp_type_OSError, MP_ERROR_TEXT("openeth: %s; start QEMU with -nic user,model=open_eth"),
            esp_err_to_name(error));
    }
}

static esp_eth_handle_t install_driver(void) {
    eth_mac_config_t mac_config = ETH_MAC_DEFAULT_CONFIG();
    eth_phy_config_t phy_config = ETH_PHY_DEFAULT_CONFIG();
    phy_config.phy_addr = 1;
    phy_config.reset_gpio_num = -1;
    phy_config.autonego_timeout_ms = NEGOTIATION_MS;
    esp_eth_config_t config =
        ETH_DEFAULT_CONFIG(esp_eth_mac_new_openeth(&mac_config), esp_eth_phy_new_dp83848(&phy_config));
    esp_eth_handle_t driver = NULL;
    check(esp_eth_driver_install(&config, &driver));
    uint8_t address[6];
    check(esp_read_mac(address, ESP_MAC_ETH));
    check(esp_eth_ioctl(driver, ETH_CMD_S_MAC_ADDR, address));
    return driver;
}

// The driver allocates a whole frame's memory for each segment, holds it as long as nobody reads, and stops everything for
// good when there is none: a peer that sends byte by byte would do. What a frame does not need is given back at once.
static esp_err_t receive(esp_eth_handle_t driver, uint8_t *frame, uint32_t length, void *context) {
    (void)driver;
    uint8_t *shorter = realloc(frame, length);
    return esp_netif_receive(context, shorter != NULL ? shorter : frame, length, NULL);
}

static mp_obj_t start(void) {
    if (netif == NULL) {
        check(esp_netif_init());
        esp_netif_config_t config = ESP_NETIF_DEFAULT_ETH();
        esp_eth_handle_t driver = install_driver();
        netif = esp_netif_new(&config);
        check(esp_netif_attach(netif, esp_eth_new_netif_glue(driver)));
        check(esp_eth_update_input_path(driver, receive, netif));
        check(esp_eth_start(driver));
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(start_obj, start);

static mp_obj_t address(void) {
    esp_netif_ip_info_t info;
    if (netif == NULL || esp_netif_get_ip_info(netif, &info) != ESP_OK || info.ip.addr == 0) {
        return mp_const_none;
    }
    char text[16];
    esp_ip4addr_ntoa(&info.ip, text, sizeof(text));
    return mp_obj_new_str(text, strlen(text));
}
static MP_DEFINE_CONST_FUN_OBJ_0(address_obj, address);

static const mp_rom_map_elem_t globals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_openeth)},
    {MP_ROM_QSTR(MP_QSTR_start), MP_ROM_PTR(&start_obj)},
    {MP_ROM_QSTR(MP_QSTR_address), MP_ROM_PTR(&address_obj)},
};
static MP_DEFINE_CONST_DICT(globals, globals_table);

const mp_obj_module_t mpy_ssl_openeth_module = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t *)&globals,
};

MP_REGISTER_MODULE(MP_QSTR_openeth, mpy_ssl_openeth_module);
