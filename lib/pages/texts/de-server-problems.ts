import type { GermanWords } from './german-words.js'
import type { WordKey } from './words-of-code.js'

/** What a mail server refuses, or a mailbox at it. */
export const deServerProblems = {
  noLogin: {
    heading: 'Der Mailserver nimmt hier keine Passwörter an',
    description: 'Der Mailserver bietet an diesem Port keine Anmeldung mit Benutzername und Passwort an.',
    remedy: 'Wählen Sie Port und Verschlüsselung, die Ihr Anbieter für Mailprogramme nennt.',
  },
  notEncrypted: {
    heading: 'Der Mailserver bietet hier keine Verschlüsselung an',
    description: 'Ohne Verschlüsselung wird das Passwort nicht gesendet.',
    remedy: 'Wählen Sie TLS mit Port 993 oder 465, oder STARTTLS mit Port 143 oder 587, wie Ihr Anbieter es nennt.',
  },
  badCertificate: {
    heading: 'Das Zertifikat des Mailservers ist nicht gültig',
    description: 'Der Mailserver wies sich nicht gültig aus, daher wurde ihm kein Passwort gesendet.',
    remedy:
      'Prüfen Sie den Servernamen: Er muss genau der sein, den Ihr Anbieter nennt. Stimmt er, muss der Anbieter das Zertifikat erneuern.',
  },
  unreachable: {
    heading: 'Der Mailserver war nicht erreichbar',
    description: 'Unter diesem Namen und Port war kein Mailserver erreichbar.',
    remedy:
      'Prüfen Sie Servername, Port (993, 143, 465 oder 587) und Verschlüsselung; der Server muss aus dem Internet erreichbar sein.',
  },
  wrongPassword: {
    heading: 'Benutzername oder Passwort ist falsch',
    description: 'Der Mailserver hat Benutzername und Passwort nicht angenommen.',
    remedy:
      'Geben Sie beides noch einmal ein. Viele Anbieter verlangen hier ein App-Passwort, das Sie in Ihrem Konto dort anlegen; manche nur den Teil vor dem @ als Benutzernamen.',
  },
  appPassword: {
    heading: 'Ein App-Passwort ist nötig',
    description: 'Google nimmt hier nur ein App-Passwort an.',
    remedy: 'Legen Sie in Ihrem Google-Konto unter „Sicherheit“ ein App-Passwort an und geben Sie es hier ein.',
  },
  inBrowserFirst: {
    heading: 'Google möchte, dass Sie sich zuerst anmelden',
    description: 'Google verlangt zuerst eine Anmeldung im Browser.',
    remedy: 'Melden Sie sich einmal im Browser bei Gmail an und versuchen Sie es hier noch einmal.',
  },
  renewPassword: {
    heading: 'Das Passwort ist abgelaufen',
    description: 'Der Mailserver verlangt ein neues Passwort.',
    remedy: 'Erneuern Sie es bei Ihrem Anbieter und geben Sie dann hier das neue ein.',
  },
  imapOff: {
    heading: 'Das Lesen über IMAP ist für dieses Postfach nicht erlaubt',
    description: 'Der Maildienst lässt IMAP für dieses Postfach nicht zu.',
    remedy:
      'Liegt das Postfach bei Microsoft, machen Sie mit Microsoft weiter; sonst bitten Sie Ihre IT oder Ihren Anbieter, IMAP einzuschalten.',
  },
  smtpOff: {
    heading: 'Das Senden mit Passwort ist abgeschaltet',
    description:
      'Ihre Organisation oder Microsoft lässt das Senden mit Benutzername und Passwort (SMTP AUTH) nicht zu.',
    remedy:
      'Machen Sie stattdessen mit Microsoft weiter, oder bitten Sie Ihre IT, SMTP AUTH für dieses Postfach einzuschalten.',
  },
  mayNotSend: {
    heading: 'Dieses Konto darf von diesem Postfach nicht senden',
    description: 'Dem Konto fehlt das Recht, im Namen dieses Postfachs zu senden.',
    remedy: 'Ihre IT gibt dem Konto „Senden als“ für dieses Postfach; bis das wirkt, kann eine Stunde vergehen.',
  },
  sendingBlocked: {
    heading: 'Das Senden von diesem Postfach ist gesperrt',
    description: 'Microsoft hat das Senden gesperrt, meist weil von hier unerwünschte Mail auszugehen schien.',
    remedy: 'Ihre IT prüft das Konto und hebt die Sperre im Microsoft Defender oder Exchange Admin Center auf.',
  },
  otherSignIn: {
    heading: 'Der Mailserver verlangt eine andere Art der Anmeldung',
    description: 'So, wie es hier angegeben ist, nimmt der Mailserver die Anmeldung nicht an.',
    remedy:
      'Legen Sie bei Ihrem Anbieter ein App-Passwort an und geben Sie es hier ein, oder fragen Sie ihn nach Server, Port und Verschlüsselung für Mailprogramme.',
  },
  mailboxFull: {
    heading: 'Das Postfach ist voll',
    description: 'Das Postfach hat keinen Platz mehr.',
    remedy: 'Löschen Sie Mail, die nicht mehr gebraucht wird, oder bitten Sie Ihre IT um mehr Platz.',
  },
  folderMissing: {
    heading: 'Ein Ordner des Postfachs fehlt',
    description: 'Ein Ordner, der gelesen werden soll, ist im Postfach nicht vorhanden.',
    remedy: 'Prüfen Sie, ob der Ordner umbenannt oder gelöscht wurde, und sagen Sie es denen, von denen der Link kam.',
  },
  askProvider: {
    heading: 'Hier muss Ihr Mailanbieter helfen',
    description: 'Der Mailserver meldet einen Fehler, den nur sein Betreiber beheben kann.',
    remedy: 'Wenden Sie sich mit dieser Seite an Ihren Mailanbieter oder Ihre IT.',
  },
  dailyLimit: {
    heading: 'Das Postfach hat seine Grenze für heute erreicht',
    description: 'Der Maildienst erlaubt diesem Postfach heute nicht mehr.',
    remedy: 'Es muss niemand etwas tun: morgen geht es von selbst weiter.',
  },
  slowedDown: {
    heading: 'Der Maildienst bittet zu warten',
    description: 'Es kommen gerade mehr Anfragen, als der Maildienst erlaubt.',
    remedy: 'Es muss niemand etwas tun: es geht von selbst langsamer weiter.',
  },
  awayForNow: {
    heading: 'Der Maildienst hat eine vorübergehende Störung',
    description: 'Der Maildienst konnte gerade nicht richtig antworten. Es liegt nicht an Ihnen.',
    remedy: 'Es muss niemand etwas tun: es wird von selbst weiter versucht.',
  },
  noReason: {
    heading: 'Der Mailserver hat ohne Angabe von Gründen abgelehnt',
    description: 'Der Mailserver hat abgelehnt und nicht gesagt, warum.',
    remedy:
      'Prüfen Sie Benutzername, Passwort und Server. Stimmt alles, fragen Sie Ihren Mailanbieter, warum er diese Anmeldung ablehnt.',
  },
  notUnderstood: {
    heading: 'Gateway und Mailserver haben sich nicht verstanden',
    description: 'Der Mailserver hat eine Anfrage nicht verstanden. Es liegt nicht an Ihnen.',
    remedy: 'Zeigen Sie diese Seite denen, die diesen Dienst betreiben.',
  },
} as const satisfies Partial<Record<WordKey, GermanWords>>
