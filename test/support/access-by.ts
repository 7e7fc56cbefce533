import type { Connection } from '../../lib/model/connection.js'
import type { Access, Authority } from '../../lib/ports/authority.js'
import { sampleConnection } from './sample-connection.js'

/** Every connection shows a mail server the same. */
export function accessBy(
  authority: Authority | (() => Promise<Authority>),
  connection: Partial<Connection> = {},
): () => Promise<Access> {
  return async () => ({
    connection: sampleConnection({ mode: 'password', provider: 'basic', ...connection }),
    authority: async () => (typeof authority === 'function' ? authority() : authority),
  })
}
