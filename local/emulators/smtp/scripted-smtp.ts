/**
 * An SMTP server that breaks at one chosen step, for REL-04 and SEC-26. It speaks only what the script needs, accepts
 * every login, and records each command line (and whether it came over TLS) and each mail that it accepted
 * responsibility for, so that a test can compare what the client believes with what the server did.
 */
import type { ServerCertificate } from '../certificate.js'
import { startWireServer, type Wire, type WireServer } from '../wire.js'

export const smtpPhases = [
  'greeting',
  'ehlo',
  'starttls',
  'tls-ehlo',
  'auth',
  'mail-from',
  'rcpt-to',
  /** Before 354. */
  'data',
  /** After 354 and the first bytes of the body. Reading stops there: use a mail larger than the socket buffers. */
  'body-before-dot',
  /** The mail is taken (counted), the reply is lost. With fault 421 the reply is that refusal, and it is not taken. */
  'after-dot',
  /** The mail is taken and acknowledged, then the fault. */
  'after-reply',
  'quit',
] as const
export type ScriptedPhase = (typeof smtpPhases)[number]
type Spoken = 'mail-from' | 'rcpt-to' | 'data' | 'after-dot' | 'rset'

/**
 * `hang`: silence on an open connection. `garbage`: bytes that are no reply, then silence. 421: says so and closes.
 * `endless`: reply lines that never come to the last one; for the login, challenges without end. `drip`: the same, a
 * byte at a time.
 */
export type ScriptedFault = 'close' | 'reset' | 'hang' | 'garbage' | 'endless' | 'drip' | 421

export interface ScriptedSmtpOptions {
  fault?: ScriptedFault
  phase?: ScriptedPhase
  /** Break at the n-th mail of a connection (phases from mail-from to after-reply); default 1. */
  mail?: number
  /** How many connections break, from the first on; default all. */
  times?: number
  /**
   * `injected`: the reply to STARTTLS carries forged replies in the same packet. Default offered when `tls` is given.
   */
  startTls?: 'offered' | 'absent' | 'refused' | 'injected'
  /** TLS from the first byte; default false. */
  implicitTls?: boolean
  tls?: ServerCertificate
  /** Refuse AUTH with 535 and repeat the client's line in the refusal (SEC-34). */
  echoAuth?: boolean
  /**
   * Other words than the usual ones at these steps, a list one after the other and then the usual ones; a mail whose reply
   * does not end in a 2xx line is not taken.
   */
  says?: Partial<Record<Spoken, string | string[]>>
  /** Mechanisms offered; default PLAIN LOGIN XOAUTH2, offered in clear text as well. */
  mechanisms?: string[]
  port?: number
}

export interface ScriptedCommand {
  connection: number
  line: string
  secure: boolean
}

export interface ScriptedMail {
  connection: number
  from: string
  to: string[]
  raw: Buffer
}

export interface ScriptedSmtp extends WireServer {
  /** Every line the client sent, in order; the lines of a login's dialogue included. */
  commands: ScriptedCommand[]
  /** Mails the server took responsibility for. */
  mails: ScriptedMail[]
  /** How often the fault happened. */
  readonly faults: number
}

const endOfData = Buffer.from('\r\n.\r\n')
const forgedReplies = '250-forged.example\r\n250 AUTH PLAIN\r\n235 2.7.0 forged\r\n250 2.1.0 forged\r\n'

export async function startScriptedSmtp(options: ScriptedSmtpOptions = {}): Promise<ScriptedSmtp> {
  const commands: ScriptedCommand[] = []
  const mails: ScriptedMail[] = []
  const counted = { faults: 0 }
  const server = await startWireServer(
    (wire, connection) => new Script(options, wire, connection, commands, mails, counted).run(),
    { port: options.port, tls: options.implicitTls ? options.tls : undefined },
  )
  return Object.defineProperties(server, {
    commands: { value: commands },
    mails: { value: mails },
    faults: { get: () => counted.faults },
  }) as ScriptedSmtp
}

class Script {
  #from = ''
  #to: string[] = []
  #mail = 1

  constructor(
    readonly options: ScriptedSmtpOptions,
    readonly wire: Wire,
    readonly connection: number,
    readonly commands: ScriptedCommand[],
    readonly mails: ScriptedMail[],
    readonly counted: { faults: number },
  ) {}

  async run(): Promise<void> {
    if (await this.#broken('greeting')) return
    this.wire.write('220 scripted.example ESMTP\r\n')
    for (;;) {
      const line = await this.#line()
      if (line === undefined || !(await this.#obey(line))) return
    }
  }

  /** False ends the connection. */
  async #obey(line: string): Promise<boolean> {
    const verb = line.split(' ')[0]?.toUpperCase()
    if (verb === 'EHLO' || verb === 'HELO') return this.#greet()
    if (verb === 'STARTTLS') return this.#startTls()
    if (verb === 'AUTH') return this.#login(line)
    if (verb === 'MAIL') {
      this.#from = address(line)
      this.#to = []
      return this.#reply('mail-from', '250 2.1.0 Sender OK')
    }
    if (verb === 'RCPT') {
      this.#to.push(address(line))
      return this.#reply('rcpt-to', '250 2.1.5 Recipient OK')
    }
    if (verb === 'DATA') return this.#data()
    if (verb === 'RSET') this.wire.write(`${this.#words('rset', '250 2.0.0 OK')}\r\n`)
    else if (verb === 'NOOP') this.wire.write('250 2.0.0 OK\r\n')
    else if (verb === 'QUIT') {
      if (!(await this.#broken('quit'))) this.wire.write('221 2.0.0 Bye\r\n')
      return false
    } else this.wire.write('500 5.5.2 Command not recognized\r\n')
    return true
  }

  async #greet(): Promise<boolean> {
    const offersTls = !this.wire.secure && this.options.tls !== undefined && this.options.startTls !== 'absent'
    const mechanisms = (this.options.mechanisms ?? ['PLAIN', 'LOGIN', 'XOAUTH2']).join(' ')
    const features = ['scripted.example', ...(offersTls ? ['STARTTLS'] : []), `AUTH ${mechanisms}`, 'SIZE 157286400']
    const text = features.map((feature, i) => `250${i === features.length - 1 ? ' ' : '-'}${feature}`).join('\r\n')
    return this.#reply(this.wire.secure && !this.options.implicitTls ? 'tls-ehlo' : 'ehlo', text)
  }

  async #startTls(): Promise<boolean> {
    if (this.options.startTls === 'refused' || !this.options.tls) {
      this.wire.write('454 4.7.0 TLS not available\r\n')
      return true
    }
    if (await this.#broken('starttls')) return false
    this.wire.write(`220 2.0.0 Ready\r\n${this.options.startTls === 'injected' ? forgedReplies : ''}`)
    await this.wire.startTls(this.options.tls)
    return !this.wire.over
  }

  async #login(line: string): Promise<boolean> {
    const [, mechanism = '', initial] = line.split(' ')
    const prompts = mechanism.toUpperCase() === 'LOGIN' ? ['334 VXNlcm5hbWU6', '334 UGFzc3dvcmQ6'] : ['334 ']
    for (const prompt of prompts.slice(initial === undefined ? 0 : 1)) {
      this.wire.write(`${prompt}\r\n`)
      if ((await this.#line()) === undefined) return false
    }
    if (this.options.echoAuth) {
      this.wire.write(`535 5.7.8 Authentication failed for command: ${line}\r\n`)
      return true
    }
    return this.#reply('auth', '235 2.7.0 Authentication successful')
  }

  async #data(): Promise<boolean> {
    if (!(await this.#reply('data', '354 Start mail input; end with <CRLF>.<CRLF>'))) return false
    if (!(await this.wire.readable()) || (await this.#broken('body-before-dot'))) return false
    const body = await this.wire.until(endOfData)
    if (body === undefined) return false
    const dies = this.#breaksAt('after-dot')
    const said = this.#words('after-dot', '250 2.0.0 OK queued')
    if (!(dies && this.options.fault === 421) && /(^|\n)2.*$/.test(said)) this.#keep(body)
    if (await this.#broken('after-dot')) return false
    this.wire.write(`${said}\r\n`)
    if (await this.#broken('after-reply')) return false
    this.#mail += 1
    return true
  }

  #keep(body: Buffer): void {
    const raw = Buffer.from(`${body.toString('latin1').replace(/(^|\r\n)\.\./g, '$1.')}\r\n`, 'latin1')
    this.mails.push({ connection: this.connection, from: this.#from, to: this.#to, raw })
  }

  async #line(): Promise<string | undefined> {
    const line = await this.wire.line()
    if (line !== undefined) this.commands.push({ connection: this.connection, line, secure: this.wire.secure })
    return line
  }

  async #reply(phase: ScriptedPhase, text: string): Promise<boolean> {
    if (await this.#broken(phase)) return false
    this.wire.write(`${this.#words(phase, text)}\r\n`)
    return true
  }

  #words(step: ScriptedPhase | 'rset', usual: string): string {
    const words = this.options.says?.[step as Spoken]
    return (Array.isArray(words) ? words.shift() : words) ?? usual
  }

  #breaksAt(phase: ScriptedPhase): boolean {
    if (this.options.fault === undefined || this.options.phase !== phase) return false
    if (this.connection > (this.options.times ?? Number.POSITIVE_INFINITY)) return false
    const perMail = smtpPhases.indexOf(phase) >= smtpPhases.indexOf('mail-from') && phase !== 'quit'
    return !perMail || this.#mail === (this.options.mail ?? 1)
  }

  /** Does the fault when this is its phase; true when it happened, and then only once the connection is over. */
  async #broken(phase: ScriptedPhase): Promise<boolean> {
    if (!this.#breaksAt(phase)) return false
    this.counted.faults += 1
    if (phase === 'body-before-dot') this.wire.pause()
    switch (this.options.fault) {
      case 'reset':
        this.wire.reset()
        return true
      case 'close':
        this.wire.end()
        return true
      case 421:
        this.wire.write('421 4.3.2 Service not available, closing transmission channel\r\n')
        return true
      case 'garbage':
        this.wire.write(Buffer.from('\x00\x13!!%% \xfe\xff this is not a reply\r\n', 'latin1'))
        break
      case 'endless':
      case 'drip':
        await this.#talk(phase, this.options.fault)
    }
    await this.wire.closed()
    return true
  }

  async #talk(phase: ScriptedPhase, how: 'endless' | 'drip'): Promise<void> {
    const line = phase === 'auth' ? '334 \r\n' : `${phase === 'greeting' ? 220 : 250}-and more\r\n`
    const text = how === 'drip' ? line : line.repeat(200)
    for (let at = 0; !this.wire.over; at += 1) {
      this.wire.write(how === 'drip' ? text[at % text.length]! : text)
      await new Promise((resolve) => setTimeout(resolve, how === 'drip' ? 20 : 0))
    }
  }
}

function address(line: string): string {
  return line.match(/<([^>]*)>/)?.[1] ?? ''
}
