/** One IMAP connection: greeting, TLS, login, and the commands that need no open folder. */
import { mayLogIn, mechanismsOf, type TokenMechanism, tokenIn } from '../accounts.js'
import type { Wire } from '../wire.js'
import type { ImapFault } from './imap-faults.js'
import { type ImapCommand, parseDate, quoted, readCommand, type Token, text } from './imap-grammar.js'
import type { ImapConnection, ImapServerState, Outcome } from './imap-state.js'
import type { MailFolder } from './mail-store.js'
import { OpenFolder } from './open-folder.js'

const forgedReplies = '* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n* PREAUTH forged\r\nforged OK forged\r\n'
const afterLogin = ['UIDPLUS', 'MOVE', 'UNSELECT', 'CHILDREN', 'IDLE', 'NAMESPACE', 'SPECIAL-USE', 'LITERAL+']
/** By login name: the login is refused. */
export const loginRefusals: Record<string, Outcome> = {
  disabled: 'NO AUTHENTICATE failed.',
  throttled: 'NO [THROTTLED] Request is throttled. Suggested Backoff Time: 1000 milliseconds',
}

/** By login name: the login works, no folder can be opened; BYE ends the session. */
export const openRefusals: Record<string, Outcome> = {
  notconnected: 'BAD User is authenticated but not connected.',
  expired: 'BYE Session invalidated - AccessTokenExpired',
}

export class ImapSession implements ImapConnection {
  user: string | undefined
  #open: OpenFolder | undefined
  /** Logged in, and no folder can be opened. */
  #shut = false
  #over = false

  constructor(
    readonly state: ImapServerState,
    readonly wire: Wire,
    readonly connection: number,
  ) {}

  async run(): Promise<void> {
    try {
      if (!(await this.#greet())) return
      while (!this.#over) {
        const command = await readCommand(this.wire, (line) => this.#note(line))
        if (!command) return
        await this.#answer(command)
        await this.wire.drained()
      }
    } finally {
      this.#open?.close()
      if (this.user !== undefined) this.state.sessionsOf.set(this.user, this.#sessions(this.user) - 1)
    }
  }

  untagged(line: string | Buffer): void {
    this.wire.write(typeof line === 'string' ? `* ${line}\r\n` : Buffer.concat([Buffer.from('* '), line, crlf]))
  }

  offers(capability: string): boolean {
    return !this.state.withheld.has(capability)
  }

  async diesAt(at: string, command: ImapCommand, uid?: number): Promise<boolean> {
    const fault = this.state.faults.take(at, this.user, uid)
    if (fault && !(await this.state.faults.commit(fault, this.wire, command.tag, command.line))) this.#over = true
    return this.#over
  }

  async #greet(): Promise<boolean> {
    const fault = this.state.faults.take('greeting', undefined)
    if (fault && fault.fault !== 'preauth') {
      return this.state.faults.commit(fault, this.wire, '*', '')
    }
    const status = fault ? 'PREAUTH' : 'OK'
    this.untagged(`${status} [CAPABILITY ${this.#capabilities()}] Mailbox Gateway local IMAP service ready`)
    return true
  }

  #note(line: string): void {
    this.state.commands.push({ connection: this.connection, line, secure: this.wire.secure, user: this.user })
  }

  async #answer(command: ImapCommand): Promise<void> {
    const fault = this.state.faults.take(command.name, this.user)
    if (fault?.fault === 'says') this.untagged(fault.text ?? 'OK')
    else if (fault && fault.fault !== 'injected') {
      this.#over = !(await this.state.faults.commit(fault, this.wire, command.tag, command.line))
      return
    }
    const outcome = await this.#perform(command, fault)
    if (this.#over && outcome === '') return
    if (!/^(UID )?(FETCH|STORE|SEARCH)$/.test(command.name) || command.name.startsWith('UID')) this.#open?.sync()
    if (outcome !== '') this.wire.write(`${command.tag} ${outcome}\r\n`)
  }

  async #perform(command: ImapCommand, fault: ImapFault | undefined): Promise<Outcome> {
    switch (command.name) {
      case 'CAPABILITY':
        this.untagged(`CAPABILITY ${this.#capabilities()}`)
        return 'OK CAPABILITY completed'
      case 'NOOP':
        return 'OK NOOP completed'
      case 'ID':
        this.untagged('ID ("name" "Mailbox Gateway local IMAP service")')
        return 'OK ID completed'
      case 'LOGOUT':
        this.untagged('BYE Logging out')
        this.#over = true
        this.wire.write(`${command.tag} OK LOGOUT completed\r\n`)
        return ''
      case 'STARTTLS':
        return this.#startTls(command, fault)
      case 'LOGIN':
      case 'AUTHENTICATE':
        return this.#logIn(command)
    }
    if (this.user === undefined) return 'BAD Command received in Invalid state.'
    return this.#withFolders(this.user, command)
  }

  async #startTls(command: ImapCommand, fault: ImapFault | undefined): Promise<Outcome> {
    const { tls, mode } = this.state.options
    if (mode !== 'starttls' || !tls || this.wire.secure || !this.offers('STARTTLS')) return 'NO STARTTLS not available'
    this.wire.write(`${command.tag} OK Begin TLS negotiation now\r\n${fault ? forgedReplies : ''}`)
    await this.wire.startTls(tls)
    return ''
  }

  #capabilities(): string {
    const { clearLogin } = this.state.options
    const tokens = mechanismsOf(this.state.options).map((name) => `AUTH=${name}`)
    const mechanisms = ['AUTH=PLAIN', ...tokens, 'SASL-IR']
    const upgrade = clearLogin ? ['STARTTLS', ...mechanisms] : ['STARTTLS', 'LOGINDISABLED']
    const before = this.#needsTls() ? upgrade : mechanisms
    const more = this.user === undefined ? [...before, 'ID', 'LITERAL+'] : ['ID', ...afterLogin]
    return ['IMAP4rev1', ...more.filter((capability) => this.offers(capability))].join(' ')
  }

  #needsTls(): boolean {
    return this.state.options.mode === 'starttls' && !this.wire.secure
  }

  async #logIn(command: ImapCommand): Promise<Outcome> {
    if (this.user !== undefined) return 'BAD Already authenticated'
    if (this.#needsTls() && !this.state.options.clearLogin) return 'NO [PRIVACYREQUIRED] Use STARTTLS first'
    if (command.name === 'LOGIN') {
      const [user, password] = command.tokens.map(text)
      return this.#check({ user: user ?? '', password: password ?? '' })
    }
    const mechanism = text(command.tokens[0]).toUpperCase()
    const byToken = mechanismsOf(this.state.options).find((name) => name === mechanism)
    if (mechanism !== 'PLAIN' && byToken === undefined) return 'NO Unsupported authentication mechanism'
    const given = command.tokens[1] === undefined ? await this.#challenge('') : text(command.tokens[1])
    if (given === undefined) return ''
    const response = Buffer.from(given, 'base64').toString('utf8')
    if (byToken === undefined) {
      const [, user = '', password = ''] = response.split('\0')
      return this.#check({ user, password })
    }
    const shown = tokenIn(byToken, given)
    if (shown === undefined) return 'BAD Invalid SASL argument'
    const outcome = await this.#check(shown)
    if (outcome.startsWith('NO [AUTHENTICATIONFAILED]') && this.state.options.dialect !== 'exchange')
      await this.#tellRefusal(byToken)
    return outcome
  }

  async #tellRefusal(mechanism: TokenMechanism): Promise<void> {
    const google = { status: '400', schemes: 'Bearer', scope: 'https://mail.google.com/' }
    const reason = this.state.options.tokenRefusal ?? (mechanism === 'XOAUTH2' ? google : { status: 'invalid_token' })
    const answer = await this.#challenge(Buffer.from(JSON.stringify(reason)).toString('base64'))
    // A client that answers in the way of the other mechanism has lost the thread.
    if (answer !== (mechanism === 'XOAUTH2' ? '' : 'AQ==')) this.#over = true
  }

  async #challenge(sent: string): Promise<string | undefined> {
    this.wire.write(`+ ${sent}\r\n`)
    const line = await this.wire.line()
    if (line !== undefined) this.#note(line)
    return line
  }

  async #check(given: { user: string; password: string } | { user: string; token: string }): Promise<Outcome> {
    const user = given.user.toLowerCase()
    const refusal = loginRefusals[user.split('@')[0]!]
    if (refusal) return refusal
    const exchange = this.state.options.dialect === 'exchange' && 'token' in given
    const access = await mayLogIn(this.state.options, given)
    if (access === 'unknown') {
      return exchange ? 'NO AUTHENTICATE failed.' : 'NO [AUTHENTICATIONFAILED] Invalid credentials'
    }
    if (this.#sessions(user) >= (this.state.options.maxSessionsPerUser ?? 16)) {
      return 'NO [LIMIT] Too many simultaneous connections. (Failure)'
    }
    this.#shut = access === 'no-mailbox'
    this.user = user
    this.state.sessionsOf.set(user, this.#sessions(user) + 1)
    this.state.counts.logins += 1
    return `OK [CAPABILITY ${this.#capabilities()}] Logged in`
  }

  #sessions(user: string): number {
    return this.state.sessionsOf.get(user) ?? 0
  }

  async #withFolders(user: string, command: ImapCommand): Promise<Outcome> {
    const { store } = this.state
    const [first, ...others] = command.tokens
    const folder = store.folder(user, text(first))
    const none = `NO [NONEXISTENT] Folder does not exist: ${text(first)}`
    switch (command.name) {
      case 'NAMESPACE':
        this.untagged('NAMESPACE (("" "/")) NIL NIL')
        return 'OK NAMESPACE completed'
      case 'ENABLE':
        this.untagged('ENABLED')
        return 'OK ENABLE completed'
      case 'LIST':
      case 'LSUB':
        return this.#list(user, command)
      case 'STATUS':
        return folder ? this.#status(user, folder, others) : none
      case 'CREATE':
        if (folder) return 'NO [ALREADYEXISTS] Folder exists'
        store.createFolder(user, text(first))
        return 'OK CREATE completed'
      case 'DELETE':
        if (!folder) return none
        if (folder.name === 'INBOX') return 'NO [CANNOT] INBOX stays'
        store.removeFolder(user, folder)
        return 'OK DELETE completed'
      case 'SUBSCRIBE':
      case 'UNSUBSCRIBE':
        return folder ? `OK ${command.name} completed` : none
      case 'APPEND':
        return folder ? this.#append(user, folder, others) : 'NO [TRYCREATE] Folder does not exist'
      case 'SELECT':
      case 'EXAMINE':
        return this.#select(user, folder, command)
    }
    return this.#open ? this.#open.perform(command) : 'BAD No folder is selected, or unknown command'
  }

  #list(user: string, command: ImapCommand): Outcome {
    const strings = command.tokens.filter((token) => !Array.isArray(token)).map(text)
    const [reference = '', pattern = ''] = strings
    if (pattern === '') {
      this.untagged(`${command.name} (\\Noselect) "/" ""`)
      return `OK ${command.name} completed`
    }
    const wild = (reference + pattern)
      .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replace(/\*/g, '.*')
      .replace(/%/g, '[^/]*')
    const matches = new RegExp(`^${wild}$`, 'i')
    for (const { name, specialUse } of this.state.store.folders(user)) {
      const use = specialUse !== undefined && this.offers('SPECIAL-USE') ? ` ${specialUse}` : ''
      if (matches.test(name)) this.untagged(`${command.name} (\\HasNoChildren${use}) "/" ${quoted(name)}`)
    }
    return `OK ${command.name} completed`
  }

  #status(user: string, folder: MailFolder, [items]: Token[]): Outcome {
    const said = (kind: 'uid-next' | 'uid-validity', truth: number) =>
      Number(this.state.lies.tell(kind, { user })?.value ?? truth)
    const values: Record<string, number> = {
      MESSAGES: folder.messages.length,
      RECENT: 0,
      UIDNEXT: said('uid-next', folder.uidNext),
      UIDVALIDITY: said('uid-validity', folder.uidValidity),
      UNSEEN: folder.messages.filter((message) => !message.flags.includes('\\Seen')).length,
      SIZE: folder.messages.reduce((sum, message) => sum + message.raw.length, 0),
    }
    const asked = (Array.isArray(items) ? items : []).map((item) => text(item).toUpperCase())
    const unknown = asked.find((item) => values[item] === undefined)
    if (unknown) return `BAD Unknown status item ${unknown}`
    this.untagged(`STATUS ${quoted(folder.name)} (${asked.map((item) => `${item} ${values[item]}`).join(' ')})`)
    return 'OK STATUS completed'
  }

  #append(user: string, folder: MailFolder, tokens: Token[]): Outcome {
    const raw = tokens.at(-1)
    if (!Buffer.isBuffer(raw)) return 'BAD APPEND needs a literal'
    const limit = this.state.options.appendLimit ?? 35 * 1024 * 1024
    if (raw.length > limit) return `NO [TOOBIG] Message is larger than ${limit} bytes`
    const flags = tokens.find(Array.isArray)?.map(text) ?? []
    const internalDate = parseDate(text(tokens.find((token) => typeof token === 'string')))
    const more = Number.isNaN(internalDate) ? { flags } : { flags, internalDate }
    const message = this.state.store.append(user, folder, raw, more)
    this.state.options.onAppend?.(user, folder, message)
    return this.offers('UIDPLUS')
      ? `OK [APPENDUID ${folder.uidValidity} ${message.uid}] APPEND completed`
      : 'OK APPEND completed'
  }

  #select(user: string, folder: MailFolder | undefined, command: ImapCommand): Outcome {
    this.#open?.close()
    this.#open = undefined
    const refusal = this.#shut ? openRefusals['notconnected'] : openRefusals[user.split('@')[0] ?? '']
    if (refusal?.startsWith('BYE')) {
      this.untagged(refusal)
      this.#over = true
      return ''
    }
    if (refusal !== undefined) return refusal
    if (!folder) return `NO [NONEXISTENT] Folder does not exist: ${text(command.tokens[0])}`
    const readOnly = command.name === 'EXAMINE'
    if (this.state.lies.tell('uid-not-sticky', { user })) {
      this.state.store.flipUidValidity(user, folder)
      this.untagged('NO [UIDNOTSTICKY] Non-persistent UIDs')
    }
    this.#open = new OpenFolder(this, user, folder, readOnly, () => {
      this.#open?.close()
      this.#open = undefined
    })
    return `OK [${readOnly ? 'READ-ONLY' : 'READ-WRITE'}] ${command.name} completed`
  }
}

const crlf = Buffer.from('\r\n')
