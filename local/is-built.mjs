import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** What the build depends on; folders count too, since a removed file changes only its folder. */
const sources = ['functions', 'lib', 'local', 'test/bench', 'package.json', 'package-lock.json', '.git/logs/HEAD']

/** True when the last build of this folder is newer than everything it was made of. */
export function isBuilt(root) {
  const built = changedAt(join(root, 'dist/app.json'))
  return built > 0 && sources.every((source) => isOlder(join(root, source), built))
}

function isOlder(path, built) {
  if (changedAt(path) >= built) return false
  return !isFolder(path) || readdirSync(path).every((name) => isOlder(join(path, name), built))
}

const changedAt = (path) => stat(path)?.mtimeMs ?? 0
const isFolder = (path) => stat(path)?.isDirectory() ?? false

/** In a worktree or submodule `.git` is a file, so what should stand below it cannot even be asked for. */
function stat(path) {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    if (error.code === 'ENOTDIR') return undefined
    throw error
  }
}
