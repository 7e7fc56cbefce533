import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** What the build depends on; folders count too, since a removed file changes only its folder. */
const sources = ['functions', 'lib', 'local', 'test/bench', 'package.json', 'package-lock.json']

/** True when the last build of this folder is newer than everything it was made of. */
export function isBuilt(root) {
  const built = changedAt(join(root, 'dist/app.json'))
  const paths = [...sources.map((source) => join(root, source)), join(gitFolder(root), 'logs/HEAD')]
  return built > 0 && paths.every((path) => isOlder(path, built))
}

/** In a second worktree `.git` is a file that names the folder. */
function gitFolder(root) {
  const git = join(root, '.git')
  if (isFolder(git) || changedAt(git) === 0) return git
  return resolve(
    root,
    readFileSync(git, 'utf8')
      .replace(/^gitdir: /, '')
      .trim(),
  )
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
