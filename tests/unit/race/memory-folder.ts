/** @file A folder as the browser hands it out, in memory, for tests: files appear when they are closed, and it can be made to fail. */

/** What a test may do to the folder. */
export interface FolderFaults {
  /** Called before each write with the name; what it throws fails the write. */
  onWrite?: (name: string, bytes: number) => void;
}

const missing = (): DOMException => new DOMException('not there', 'NotFoundError');

/** A handle over `files` (paths to bytes), shared by all handles made from the same map. */
export function memoryFolder(
  files: Map<string, Uint8Array<ArrayBuffer>>,
  faults: FolderFaults = {},
  prefix = '',
): FileSystemDirectoryHandle {
  const folders = new Set<string>();
  const handle = {
    kind: 'directory',
    name: prefix.split('/').at(-2) ?? 'root',
    getDirectoryHandle(name: string, { create = false } = {}) {
      check(name);
      const path = `${prefix}${name}/`;
      if (!create && !folders.has(path) && ![...files.keys()].some((key) => key.startsWith(path))) return Promise.reject(missing());
      folders.add(path);
      return Promise.resolve(memoryFolder(files, faults, path));
    },
    getFileHandle(name: string, { create = false } = {}) {
      check(name);
      const path = `${prefix}${name}`;
      if (!files.has(path)) {
        if (!create) return Promise.reject(missing());
        files.set(path, new Uint8Array());
      }
      return Promise.resolve(fileHandle(path));
    },
    removeEntry(name: string) {
      return files.delete(`${prefix}${name}`) ? Promise.resolve() : Promise.reject(missing());
    },
  };
  const fileHandle = (path: string): object => ({
    kind: 'file',
    name: path.slice(prefix.length),
    getFile: () => {
      const bytes = files.get(path);
      return bytes === undefined ? Promise.reject(missing()) : Promise.resolve(new File([bytes], path));
    },
    createWritable: () => {
      const parts: Uint8Array<ArrayBuffer>[] = [];
      const write = async (data: Blob | string | Uint8Array<ArrayBuffer>): Promise<void> => {
        const bytes = new Uint8Array(await new Blob([data]).arrayBuffer());
        faults.onWrite?.(path, bytes.length);
        parts.push(bytes);
      };
      const close = async (): Promise<void> => void files.set(path, new Uint8Array(await new Blob(parts).arrayBuffer()));
      const stream = new WritableStream({ write });
      return Promise.resolve(Object.assign(stream, { write, close, abort: () => Promise.resolve() }));
    },
  });
  return handle as unknown as FileSystemDirectoryHandle;
}

/** As the browser does. */
function check(name: string): void {
  if (name === '' || name === '.' || name === '..' || /[/\\]/.test(name)) throw new TypeError('Name is not allowed.');
}
