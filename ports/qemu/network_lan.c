// SPDX-License-Identifier: MIT
// network.LAN: the board's Ethernet interface. It is up from the start; the class shows and changes its addresses.
#include "py/mphal.h"
#include "py/runtime.h"
#include "extmod/modnetwork.h"
#include "lwip/netif.h"
#include "net.h"
#include "network_lan.h"

typedef struct {
    mp_obj_base_t base;
} lan_obj_t;

static const lan_obj_t lan_obj = { { &network_lan_type } };

static struct netif *lan_netif(void) {
    struct netif *netif = net_interface();
    if (netif == NULL) {
        mphalport_raise_no_device("no network: start QEMU with "
            "-netdev user,id=net0 -device virtio-net-device,netdev=net0");
    }
    return netif;
}

static mp_obj_t lan_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 0, 0, false);
    lan_netif();
    return MP_OBJ_FROM_PTR(&lan_obj);
}

static void lan_print(const mp_print_t *print, mp_obj_t self, mp_print_kind_t kind) {
    char text[IPADDR_STRLEN_MAX];
    mp_printf(print, "LAN(%s)", ipaddr_ntoa_r(&lan_netif()->ip_addr, text, sizeof(text)));
}

// active([state]): up or down, and whether it is.
static mp_obj_t lan_active(size_t n_args, const mp_obj_t *args) {
    struct netif *netif = lan_netif();
    if (n_args == 1) {
        return mp_obj_new_bool(netif_is_up(netif));
    }
    if (mp_obj_is_true(args[1])) {
        netif_set_up(netif);
    } else {
        netif_set_down(netif);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(lan_active_obj, 1, 2, lan_active);

static bool lan_has_address(void) {
    struct netif *netif = lan_netif();
    return netif_is_up(netif) && !ip_addr_isany(&netif->ip_addr);
}

static mp_obj_t lan_isconnected(mp_obj_t self) {
    return mp_obj_new_bool(lan_has_address());
}
static MP_DEFINE_CONST_FUN_OBJ_1(lan_isconnected_obj, lan_isconnected);

// status(): 0 down, 2 up without an address, 3 up with one (the numbers of other boards' LAN class).
static mp_obj_t lan_status(mp_obj_t self) {
    return MP_OBJ_NEW_SMALL_INT(!netif_is_up(lan_netif()) ? 0 : lan_has_address() ? 3 : 2);
}
static MP_DEFINE_CONST_FUN_OBJ_1(lan_status_obj, lan_status);

static mp_obj_t lan_ifconfig(size_t n_args, const mp_obj_t *args) {
    return mod_network_nic_ifconfig(lan_netif(), n_args - 1, args + 1);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(lan_ifconfig_obj, 1, 2, lan_ifconfig);

static mp_obj_t lan_ipconfig(size_t n_args, const mp_obj_t *args, mp_map_t *keywords) {
    return mod_network_nic_ipconfig(lan_netif(), n_args - 1, args + 1, keywords);
}
static MP_DEFINE_CONST_FUN_OBJ_KW(lan_ipconfig_obj, 1, lan_ipconfig);

// config('mac'): the hardware address.
static mp_obj_t lan_config(mp_obj_t self, mp_obj_t name) {
    if (mp_obj_str_get_qstr(name) != MP_QSTR_mac) {
        mp_raise_ValueError(MP_ERROR_TEXT("unknown config param"));
    }
    return mp_obj_new_bytes(lan_netif()->hwaddr, sizeof(lan_netif()->hwaddr));
}
static MP_DEFINE_CONST_FUN_OBJ_2(lan_config_obj, lan_config);

static const mp_rom_map_elem_t lan_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR_active), MP_ROM_PTR(&lan_active_obj) },
    { MP_ROM_QSTR(MP_QSTR_isconnected), MP_ROM_PTR(&lan_isconnected_obj) },
    { MP_ROM_QSTR(MP_QSTR_status), MP_ROM_PTR(&lan_status_obj) },
    { MP_ROM_QSTR(MP_QSTR_ifconfig), MP_ROM_PTR(&lan_ifconfig_obj) },
    { MP_ROM_QSTR(MP_QSTR_ipconfig), MP_ROM_PTR(&lan_ipconfig_obj) },
    { MP_ROM_QSTR(MP_QSTR_config), MP_ROM_PTR(&lan_config_obj) },
};
static MP_DEFINE_CONST_DICT(lan_locals, lan_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(
    network_lan_type,
    MP_QSTR_LAN,
    MP_TYPE_FLAG_NONE,
    make_new, lan_make_new,
    print, lan_print,
    locals_dict, &lan_locals
    );
