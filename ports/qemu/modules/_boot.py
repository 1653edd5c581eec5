# SPDX-License-Identifier: MIT
# Mounts the storage on /, formatting it when it holds no file system.
import board
import vfs


def mount():
    try:
        flash = board.Flash()
    except OSError as error:
        print(error.args[1])
        return
    try:
        filesystem = vfs.VfsLfs2(flash, progsize=256)
    except OSError:
        vfs.VfsLfs2.mkfs(flash, progsize=256)
        filesystem = vfs.VfsLfs2(flash, progsize=256)
    vfs.mount(filesystem, "/")


mount()
del mount, board, vfs
