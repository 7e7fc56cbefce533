/** smtp-server with what real servers do and it does not. */
import type { Socket } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js'
import { tokenIn } from '../accounts.js'
import { badCredentials } from './refusals.js'

// The library waits 100 ms before it greets, to catch clients that talk first, and always adds its own enhanced code.
class PromptConnection extends SMTPConnection {
  override init(): void {
    this._setListeners(() => this.connectionReady())
  }

  // The library takes no quoted local parts (RFC 5321 4.1.2); real servers do.
  override _parseAddressCommand(
    name: string,
    command: string | Buffer,
  ): ReturnType<SMTPConnection['_parseAddressCommand']> {
    const text = command.toString()
    const local = /<("(?:[^"\\]|\\.)+")@/.exec(text)?.[1]
    if (local === undefined) return super._parseAddressCommand(name, command)
    const parsed = super._parseAddressCommand(
      name,
      text.replace(local, () => 'quoted.local'),
    )
    return parsed && { ...parsed, address: parsed.address.replace('quoted.local', () => local) }
  }

  // The library does not know OAUTHBEARER (RFC 7628).
  override handler_AUTH(command: Buffer, done: () => void): void {
    const [, method = '', answer = ''] = command.toString().trim().split(/\s+/)
    const { authMethods = [], allowInsecureAuth } = this._server.options
    const isOffered = authMethods.some((name: string) => name === 'OAUTHBEARER') && (this.secure || allowInsecureAuth)
    if (method.toUpperCase() === 'OAUTHBEARER' && isOffered) this.#oauthBearer(answer, done)
    else super.handler_AUTH(command, done)
  }

  #oauthBearer(answer: string, done: () => void): void {
    const reply = (code: number, text: string): void => {
      this.send(code, text)
      done()
    }
    const shown = tokenIn('OAUTHBEARER', answer)
    if (shown === undefined) {
      reply(501, '5.5.2 Invalid SASL argument')
      return
    }
    const auth = { method: 'OAUTHBEARER', username: shown.user, accessToken: shown.token } as never
    this._server.onAuth(auth, this.session, (error, given) => {
      const { responseCode = 535, message = '' } = (error ?? {}) as { responseCode?: number; message?: string }
      const { user, data = { status: 'invalid_token' } } = (given ?? {}) as { user?: unknown; data?: object }
      if (user === undefined && responseCode !== 535) {
        reply(responseCode, message)
        return
      }
      if (user !== undefined) this.session.user = user as never
      else this._nextHandler = (line: Buffer, next: () => void) => this.#acknowledged(line, next)
      if (user === undefined) reply(334, Buffer.from(JSON.stringify(data)).toString('base64'))
      else reply(235, '2.7.0 Authentication successful')
    })
  }

  /** RFC 7628, section 3.2.3: a refused client says so much, and nothing else. */
  #acknowledged(line: Buffer, next: () => void): void {
    const isSaid = line.toString().trim() === 'AQ=='
    this.send(isSaid ? 535 : 501, isSaid ? badCredentials.text : '5.5.2 Invalid SASL argument')
    next()
  }

  override send(code: number, data?: string | string[], context?: string | false): void {
    super.send(code, data, typeof data === 'string' && /^[245]\.\d+\.\d+ /.test(data) ? false : context)
  }
}

export class PromptServer extends SMTPServer {
  accepted = 0

  override connect(socket: Socket, details?: ConstructorParameters<typeof SMTPConnection>[2]): void {
    this.accepted += 1
    const connection = new PromptConnection(this, socket, details)
    this.connections.add(connection)
    connection.on('error', () => socket.destroy())
    connection.init()
  }

  // Closing the server destroys a connection that was accepted a moment ago; the library then still begins TLS on it,
  // which ends Node 20 itself (a segmentation fault no handler sees).
  override _upgrade(socket: Socket, callback: Parameters<SMTPServer['_upgrade']>[1]): void {
    if (socket.destroyed) callback(new Error('The client has left.'))
    else super._upgrade(socket, callback)
  }
}
