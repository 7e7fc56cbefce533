import type SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { SMTPConnectionCustomAuthContext } from 'nodemailer/lib/smtp-connection'
import type { ServerAddress } from '../model/mailbox.js'
import type { Secret } from '../secret.js'
import { afterChallenge, refusalIn, type TokenMechanism, tokenAnswer, tokenMechanism } from './sasl-token.js'
import type { SmtpLibraryError } from './smtp-error.js'

// Under its own name nodemailer would prefer PLAIN, and give the token away as a password.
const tokenLogin = 'GATEWAY-TOKEN'

export interface SmtpLogin {
  kind: 'bearer' | 'password'
  user: string
  secret: Secret
  server: Pick<ServerAddress, 'host' | 'port'>
}

/**
 * Authenticates with what the server offers: PLAIN or LOGIN (or CRAM-MD5) for a password, XOAUTH2 or OAUTHBEARER for a
 * token. Rejects with nodemailer's error, which carries the reply, and what a challenge said before it.
 */
export async function login(connection: SMTPConnection, { kind, user, secret, server }: SmtpLogin): Promise<void> {
  let challenge = ''
  if (kind === 'bearer') {
    const mechanism = tokenMechanism(offeredBy(connection))
    const answer = tokenAnswer(mechanism, { user, token: secret, ...server })
    connection.customAuth.set(tokenLogin, (dialogue) =>
      showToken(dialogue, { mechanism, answer }, (said) => {
        challenge = said
      }),
    )
  }
  const method = kind === 'bearer' ? { method: tokenLogin } : {}
  await new Promise<void>((done, failed) => {
    connection.login({ user, pass: secret.reveal(), ...method }, (error?: Error | null) => {
      if (!error) return done()
      const { response } = error as SmtpLibraryError
      failed(challenge === '' || !response ? error : Object.assign(error, { response: `${response}${challenge}` }))
    })
  })
}

/** nodemailer tells only of the mechanisms that it speaks itself. */
function offeredBy(connection: SMTPConnection): (mechanism: TokenMechanism) => boolean {
  const said = String(connection.lastServerResponse || '').slice(0, 65_536)
  const lines = said.split(/\r?\n/).map((line) => /^\d{3}[ -]AUTH[ =](.*)$/i.exec(line)?.[1] ?? '')
  const offered = new Set(lines.flatMap((line) => line.toUpperCase().split(/[\s=]+/)))
  return (mechanism) => offered.has(mechanism)
}

async function showToken(
  dialogue: SMTPConnectionCustomAuthContext,
  { mechanism, answer }: { mechanism: TokenMechanism; answer: string },
  hear: (challenge: string) => void,
): Promise<void> {
  let reply = await dialogue.sendCommand(`AUTH ${mechanism} ${answer}`)
  // A challenge after the token is its refusal in JSON; the answer to it makes the server say it as a reply.
  if (reply.status === 334) {
    hear(refusalIn(reply.text))
    reply = await dialogue.sendCommand(afterChallenge(mechanism))
  }
  if (reply.status !== 235) throw new Error(`${mechanism} refused`)
}
