/**
 * @module A folder that behaves like a Secret mounted by the kubelet: files are links through `..data`, and an update
 * swaps that one link.
 */
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class SecretVolume {
  readonly folder: string;
  #generation = 0;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(files: Readonly<Record<string, string>>): Promise<SecretVolume> {
    const volume = new SecretVolume(await mkdtemp(join(tmpdir(), "ringfence-volume-")));
    await volume.update(files);
    for (const name of Object.keys(files)) await symlink(join("..data", name), join(volume.folder, name));
    return volume;
  }

  async update(files: Readonly<Record<string, string>>): Promise<void> {
    this.#generation += 1;
    const data = `..generation-${this.#generation}`;
    await mkdir(join(this.folder, data));
    for (const [name, text] of Object.entries(files)) await writeFile(join(this.folder, data, name), text);
    await symlink(data, join(this.folder, "..data_tmp"));
    await rename(join(this.folder, "..data_tmp"), join(this.folder, "..data"));
    await rm(join(this.folder, `..generation-${this.#generation - 1}`), { recursive: true, force: true });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
