# SPDX-License-Identifier: MIT
#
# From `size -A` of an image for the RP2 chips: what is in flash, and what RAM is taken before Python starts.
# Addresses: flash 0x10000000, RAM 0x20000000 (RP2040 and RP2350 alike). .data is in both.

$3 ~ /^[0-9]+$/ && $2 > 0 {
    flash = $3 >= 268435456 && $3 < 335544320
    ram = $3 >= 536870912 && $3 < 537526272
    if (flash || $1 == ".data" || $1 ~ /^\.scratch/) { in_flash[$1] = $2; flash_total += $2 }
    if (ram && $1 != ".heap" && $1 !~ /dummy/) { in_ram[$1] = $2; ram_total += $2 }
}

END {
    printf "%-28s %9s %9s\n", "section", "flash", "RAM"
    for (name in in_flash) names[name]
    for (name in in_ram) names[name]
    for (name in names) printf "%-28s %9d %9d\n", name, in_flash[name], in_ram[name] | "sort"
    close("sort")
    printf "%-28s %9d %9d\n", "total", flash_total, ram_total
}
