/** The mail sink as a process of its own; tells how many mails it took. */
import { startSmtpSink } from '../../local/emulators/smtp/smtp-sink.js'

const sink = await startSmtpSink()
process.on('message', () => process.send?.({ mails: sink.mails }))
process.on('disconnect', () => process.exit())
process.send?.({ port: sink.port })
