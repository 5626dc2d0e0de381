"""What stores stand on: a file system that is new for every pull.

A new file system makes every pull the first one. It is also the only fair way to begin again:
removing the files of an earlier pull costs some file systems more than the pull itself (ext4
without a journal and with the mount option `discard` needs half a minute for 20,000 files), and
their traces slow down the next one.
"""
import os
import subprocess
import time


class Ground:
    """A mount point with a file system that can be made anew."""

    def __init__(self, work, name):
        self.path = os.path.join(work, name)
        os.makedirs(self.path)
        self.mounted = False

    def renew(self):
        """Makes the file system anew and empty."""
        self.clear()
        self.mount()
        self.mounted = True

    def clear(self):
        """Takes the file system away, as soon as nobody uses it any more."""
        for _ in range(100):
            if not self.mounted:
                return
            done = subprocess.run(["umount", "-R", self.path], stderr=subprocess.DEVNULL)
            self.mounted = done.returncode != 0
            if self.mounted:
                time.sleep(0.1)
        raise SystemExit(f"something still uses {self.path}")


class Disk(Ground):
    """ext4 as it comes, in a file of a directory that is on a disk."""

    size_in_bytes = 4 << 30

    def __init__(self, work, name):
        super().__init__(work, name)
        self.file = self.path + ".ext4"
        with open(self.file, "wb") as file:
            file.truncate(self.size_in_bytes)

    def mount(self):
        # The inode tables are written now, and not by the kernel during a measurement.
        subprocess.run(["mkfs.ext4", "-q", "-F", "-E", "nodiscard,lazy_itable_init=0", self.file],
                       check=True)
        subprocess.run(["mount", "-o", "loop", self.file, self.path], check=True)
        device = subprocess.run(["findmnt", "-n", "-o", "SOURCE", self.path], check=True,
                                stdout=subprocess.PIPE, text=True).stdout.strip()
        # Without it data would be "on the disk" while they are in memory; tmpfs cannot do it.
        subprocess.run(["losetup", "--direct-io=on", device], stderr=subprocess.DEVNULL)


class Memory(Ground):
    """tmpfs: what the programs themselves cost."""

    def mount(self):
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", self.path], check=True)


GROUNDS = {"disk": Disk, "tmpfs": Memory}
