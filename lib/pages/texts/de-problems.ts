import type { Sentence, WordKey } from './words-of-code.js'

const ways: Record<string, string> = {
  microsoft: 'eine Anmeldung bei Microsoft',
  password: 'Benutzername und Passwort',
  'admin-consent': 'die Genehmigung durch eine Administration',
}

/** Nothing is left out here: what the English page lets the error say itself stands in German too. */
export const deProblems: Record<WordKey, { heading: string; description: Sentence; remedy: Sentence }> = {
  linkUnknown: {
    heading: 'Dieser Link funktioniert nicht',
    description:
      'Er ist nicht vollständig, oder er ist seit einer Weile beendet: benutzt, abgebrochen oder abgelaufen.',
    remedy: 'Prüfen Sie, ob Sie den ganzen Link kopiert haben, oder lassen Sie sich einen neuen geben.',
  },
  linkExpired: {
    heading: 'Dieser Link ist abgelaufen',
    description: 'Die Zeit für diesen Link ist vorbei.',
    remedy: 'Bitten Sie die Person oder Anwendung, von der Sie ihn haben, um einen neuen.',
  },
  linkUsed: {
    heading: 'Dieser Link wurde schon benutzt',
    description: 'Mit diesem Link wurde bereits eine Anmeldung abgeschlossen, vielleicht in einem anderen Browser.',
    remedy:
      'Hier ist nichts mehr zu tun. Wenn das Postfach nicht verbunden ist, lassen Sie sich einen neuen Link geben.',
  },
  running: {
    heading: 'Einen Moment bitte',
    description: 'Sie haben sich gerade angemeldet, und das Postfach wird geprüft. Das dauert einige Sekunden.',
    remedy: 'Warten Sie etwas und sehen Sie dann noch einmal nach.',
  },
  notSignedIn: {
    heading: 'Noch nicht angemeldet',
    description: 'Mit diesem Link hat sich bisher niemand angemeldet.',
    remedy: 'Öffnen Sie den Link noch einmal und melden Sie sich an.',
  },
  cancelled: {
    heading: 'Diese Anmeldung wurde abgebrochen',
    description: 'Auf der Seite dieses Links hat jemand „Abbrechen“ gewählt, daher funktioniert er nicht mehr.',
    remedy: 'Wenn Sie das Postfach doch verbinden möchten, lassen Sie sich einen neuen Link geben.',
  },
  rejected: {
    heading: 'Diese Anmeldung wurde abgelehnt',
    description:
      'Eine Administratorin oder ein Administrator hat diese Anmeldung abgelehnt. Es wurde nichts verbunden und nichts aufbewahrt.',
    remedy: 'Wenn Sie das für ein Versehen halten, sprechen Sie mit den Menschen, von denen Sie den Link haben.',
  },
  tookTooLong: {
    heading: 'Das hat etwas zu lange gedauert',
    description: 'Die Anmeldung hat zu lange gedauert.',
    remedy: 'Beginnen Sie noch einmal; ab dem Weitergehen haben Sie zehn Minuten.',
  },
  lostTrack: {
    heading: 'Ihre Anmeldung ließ sich nicht zuordnen',
    description: 'Diese Antwort passt zu keiner Anmeldung, die Sie in diesem Browser begonnen haben.',
    remedy: 'Beginnen Sie noch einmal mit Ihrem Link, in einem einzigen Browser und mit erlaubten Cookies.',
  },
  otherTab: {
    heading: 'Sie haben in einem anderen Tab weitergemacht',
    description: 'Sie haben in einem anderen Tab dieses Browsers neu begonnen, daher zählt dieser nicht mehr.',
    remedy: 'Machen Sie im anderen Tab weiter, oder beginnen Sie noch einmal mit Ihrem Link.',
  },
  pageOutOfDate: {
    heading: 'Diese Seite ist veraltet',
    description: 'Diese Seite wurde in einem anderen Browser geöffnet oder ist veraltet.',
    remedy: 'Öffnen Sie den Link noch einmal und machen Sie dort weiter, mit erlaubten Cookies.',
  },
  tooManyAttempts: {
    heading: 'Zu viele falsche Passwörter',
    description: 'Mit diesem Link wurden zu viele falsche Passwörter versucht.',
    remedy: 'Lassen Sie sich einen neuen Link geben.',
  },
  otherAccount: {
    heading: 'Das war ein anderes Konto',
    description: ({ signedIn, expected, typed }) =>
      typed
        ? `Sie haben den Benutzernamen ${typed} angegeben, dieses Postfach war aber als ${expected} verbunden.`
        : expected
          ? `Sie haben sich ${signedIn ? `als ${signedIn}` : 'mit einem Konto ohne Namen'} angemeldet, dieser Link ist aber für ${expected}.`
          : 'Sie haben sich mit einem anderen Konto angemeldet, als dieser Link verlangt.',
    remedy: ({ expected, typed }) =>
      typed
        ? `Verwenden Sie den Benutzernamen ${expected}, oder bitten Sie Ihre IT, das Postfach ganz neu zu verbinden.`
        : `Melden Sie sich noch einmal an und wählen Sie das Konto${expected ? ` ${expected}` : ' von vorher'}. Es wurde nichts verbunden und nichts aufbewahrt.`,
  },
  noAccess: {
    heading: 'Dieses Konto kann das Postfach nicht öffnen',
    description: ({ signedIn = '', address = '' }) =>
      `${signedIn} hat sich angemeldet, darf ${address} aber nicht öffnen. Es wurde nichts verbunden und nichts aufbewahrt.`,
    remedy: ({ address = '' }) =>
      `Ihre IT gibt diesem Konto im Exchange Admin Center Vollzugriff und „Senden als“ für ${address}; bis das wirkt, kann eine Stunde vergehen. Öffnen Sie dann Ihren Link noch einmal.`,
  },
  alreadyConnected: {
    heading: 'Dieses Postfach ist schon verbunden',
    description: 'Es wurde mit einem anderen Link verbunden und bleibt, wie es ist.',
    remedy:
      'Es ist nichts mehr zu tun. Wenn seine Mail nicht ankommt oder hinausgeht, lassen Sie sich von denen, von denen Sie diesen Link haben, einen zum erneuten Verbinden geben.',
  },
  heldElsewhere: {
    heading: 'Dieses Postfach ist anderswo verbunden',
    description: 'Die Adresse gehört schon zu einer anderen Verbindung, daher wurde hier nichts verbunden.',
    remedy: 'Sagen Sie es denen, von denen Sie den Link haben: Die andere Verbindung muss zuerst entfernt werden.',
  },
  otherWay: {
    heading: 'So lässt sich dieser Link nicht benutzen',
    description: ({ way }) =>
      way
        ? `Dieser Link nimmt nur ${ways[way] ?? 'den Weg, den seine Seite zeigt'} an.`
        : 'Wofür dieser Link gemacht wurde, gibt es nicht mehr.',
    remedy: ({ way, tenant }) =>
      way
        ? `Öffnen Sie den Link noch einmal und benutzen Sie, was seine Seite anbietet. Soll der Anbieter gewechselt werden, bitten Sie die Administration von ${tenant} um einen Link, der das erlaubt.`
        : `Bitten Sie ${tenant} um einen neuen Link.`,
  },
  serversOfBefore: {
    heading: 'Das sind andere Mailserver als bisher',
    description:
      'Dieser Link erneuert das Passwort an den bisherigen Mailservern; andere erlaubt er nicht. Es wurde nichts geändert.',
    remedy: ({ tenant }) =>
      `Geben Sie die bisherigen Server an. Ist das Postfach umgezogen, bitten Sie die Administration von ${tenant} um einen Link, der andere Server erlaubt.`,
  },
  notProven: {
    heading: 'Die Adresse ist nicht nachgewiesen',
    description:
      'Die Anmeldung hat geklappt, aber die Organisation dieses Kontos weist nicht nach, dass ihm diese Adresse gehört.',
    remedy: 'Ob es das richtige Postfach ist, entscheidet die Administration; bis dahin ist nichts verbunden.',
  },
  consentNotShown: {
    heading: 'Ihre Organisation hat es noch nicht erlaubt',
    description: ({ signedIn }) =>
      signedIn
        ? `${signedIn} hat sich angemeldet, darf die Anwendung aber nicht für eine ganze Organisation erlauben.`
        : 'Sie haben sich angemeldet, aber Ihre Organisation hat die Anwendung nicht erlaubt.',
    remedy:
      'Lassen Sie jemanden mit Administratorrechten in Ihrer Organisation (Globale, Anwendungs- oder Cloudanwendungsadministration) den Link öffnen, annehmen, was Microsoft fragt, und sich anmelden.',
  },
  otherOrganisation: {
    heading: 'Das war eine andere Organisation',
    description: ({ expected }) =>
      `Das Konto gehört zu einer anderen Organisation als der, für die dieser Link ist${expected ? ` (${expected})` : ''}.`,
    remedy: 'Lassen Sie die Administration jener Organisation den Link öffnen.',
  },
  badInput: {
    heading: 'Das Formular war nicht vollständig',
    description: 'Eine Angabe fehlt oder passt nicht, daher wurde nichts gesendet.',
    remedy: 'Öffnen Sie den Link noch einmal und füllen Sie das Formular dort aus.',
  },
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
  noMailbox: {
    heading: 'Dieses Konto hat kein Postfach',
    description: 'Das Konto ist angemeldet, hat aber bei Microsoft kein Postfach, das sich öffnen lässt.',
    remedy:
      'Ihre IT gibt dem Konto eine Exchange-Lizenz, oder Sie melden sich mit dem Konto an, dem das Postfach gehört.',
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
  permissionsMissing: {
    heading: 'Es fehlen Berechtigungen',
    description: 'Das Konto ist angemeldet, aber nicht alle Berechtigungen wurden erteilt.',
    remedy: 'Melden Sie sich noch einmal an und erlauben Sie die ganze Liste, oder bitten Sie Ihre IT darum.',
  },
  notSetUpYet: {
    heading: 'Diese Art der Anmeldung ist noch nicht eingerichtet',
    description: 'Die Anmeldung bei diesem Anbieter ist für Ihre Organisation noch nicht eingerichtet.',
    remedy: 'Bitten Sie Ihre IT, eine App-Registrierung anzulegen, oder verbinden Sie das Postfach mit einem Passwort.',
  },
  ourFault: {
    heading: 'Bei uns ist etwas schiefgegangen',
    description:
      'Es lag nicht an Ihnen. Wer diesen Dienst betreibt, kann mit der Vorgangsnummer unten mehr herausfinden.',
    remedy: 'Versuchen Sie es gleich noch einmal. Wenn es wieder geschieht, schicken Sie die Vorgangsnummer.',
  },
  noLastingAccess: {
    heading: 'Die Anmeldung war nicht vollständig',
    description:
      'Der Anbieter hat Sie einmal hereingelassen, aber keinen dauerhaften Zugriff auf das Postfach erlaubt.',
    remedy:
      'Zeigen Sie diese Seite denen, die die Anwendung betreiben: dauerhafter Zugriff (offline_access) muss erlaubt werden.',
  },
  declined: {
    heading: 'Sie haben den Zugriff nicht erlaubt',
    description:
      'Die Liste der Berechtigungen wurde auf der Anmeldeseite nicht angenommen, daher wurde nichts verbunden.',
    remedy: 'Wenn das ein Versehen war, versuchen Sie es noch einmal und wählen Sie „Akzeptieren“.',
  },
  turnedBack: {
    heading: 'Sie haben die Anmeldung abgebrochen',
    description: 'Sie sind auf der Anmeldeseite vorzeitig umgekehrt, daher wurde nichts verbunden.',
    remedy: 'Wenn Sie das Postfach noch verbinden möchten, versuchen Sie es mit demselben Link noch einmal.',
  },
  approval: {
    heading: 'Das muss Ihre IT genehmigen',
    description: 'In Ihrer Organisation darf niemand diese Art von Zugriff selbst erlauben.',
    remedy:
      'Schicken Sie den Link unten an die Administration Ihres Microsoft 365. Wenn die Anwendung genehmigt ist, öffnen Sie Ihren eigenen Link noch einmal.',
  },
  requested: {
    heading: 'Ihre Anfrage liegt bei Ihrer IT',
    description:
      'Sie haben Ihre Administration bei Microsoft gebeten, diese Anwendung zu genehmigen. Sie müssen jetzt nichts mehr tun und können diese Seite schließen.',
    remedy:
      'Wenn die Genehmigung erteilt ist, öffnen Sie Ihren eigenen Link noch einmal. Ist er bis dahin abgelaufen, lassen Sie sich einen neuen geben.',
  },
  notAssigned: {
    heading: 'Ihr Konto darf diese Anwendung nicht benutzen',
    description:
      'Ihre Organisation gibt diese Anwendung nur ausgewählten Personen frei, und Sie gehören noch nicht dazu.',
    remedy:
      'Bitten Sie Ihre IT, Ihnen die Anwendung zuzuweisen (Entra, Unternehmensanwendungen, Benutzer und Gruppen), und öffnen Sie dann Ihren Link noch einmal.',
  },
  blocked: {
    heading: 'Ihre Organisation hat diese Anmeldung gesperrt',
    description:
      'Eine Sicherheitsrichtlinie Ihrer Organisation erlaubt die Anmeldung bei dieser Anwendung von hier aus nicht.',
    remedy: 'Zeigen Sie diese Seite Ihrer IT: die Richtlinie für diese Anwendung muss geändert werden.',
  },
  secondFactor: {
    heading: 'Ein weiterer Nachweis ist nötig',
    description:
      'Ihre Organisation verlangt eine mehrstufige Anmeldung, etwa einen Code auf Ihrem Telefon, und der fehlte.',
    remedy: 'Versuchen Sie es noch einmal und führen Sie alle Schritte der Anmeldeseite zu Ende.',
  },
  busy: {
    heading: 'Der Anmeldedienst ist nicht erreichbar',
    description: 'Der Anbieter konnte gerade nicht antworten. Mit Ihrem Postfach und Ihrem Link ist alles in Ordnung.',
    remedy: 'Warten Sie eine Minute und versuchen Sie es noch einmal.',
  },
  setUp: {
    heading: 'Die Anmeldung ist nicht richtig eingerichtet',
    description:
      'Der Anbieter weist diese Anwendung ab. Es liegt nicht an Ihnen, und nur ihre Betreiber können es ändern.',
    remedy: 'Zeigen Sie diese Seite denen, die die Anwendung betreiben: die App-Registrierung muss berichtigt werden.',
  },
  mixedUp: {
    heading: 'Zwei Anmeldungen sind durcheinandergeraten',
    description: 'Die Antwort gehört zu einer anderen Anmeldung als der, die in diesem Browser lief.',
    remedy: 'Schließen Sie andere Tabs dieser Seite und versuchen Sie es in einem einzigen Tab noch einmal.',
  },
  appSetUp: {
    heading: 'Die Anmeldung ist nicht richtig eingerichtet',
    description:
      'Der Anbieter weist diese Anwendung ab. Es liegt nicht an Ihnen, und nur ihre Betreiber können es ändern.',
    remedy: 'Zeigen Sie diese Seite denen, die die Anwendung betreiben: die App-Registrierung muss berichtigt werden.',
  },
  redirect: {
    heading: 'Die Anmeldung ist nicht richtig eingerichtet',
    description: 'Die Adresse, zu der Microsoft zurückkehren soll, ist für diese Anwendung nicht eingetragen.',
    remedy: ({ registration, redirectUri }) =>
      redirectUri
        ? `Zeigen Sie diese Seite denen, die die Anwendung betreiben: In der App-Registrierung „${registration}“, Plattform „Web“, fehlt genau diese Umleitungs-URI: ${redirectUri}`
        : 'Zeigen Sie diese Seite denen, die die Anwendung betreiben: In der App-Registrierung fehlt die Umleitungs-URI.',
  },
  wrongOrganisation: {
    heading: 'Dieses Konto gehört zu einer anderen Organisation',
    description: 'Das gewählte Konto gehört zu einer anderen Organisation oder ist in dieser nicht bekannt.',
    remedy: 'Öffnen Sie Ihren Link in einem privaten Fenster und wählen Sie das Konto des Postfachs.',
  },
  accountOff: {
    heading: 'Dieses Konto ist abgeschaltet oder gesperrt',
    description:
      'Das Konto wurde abgeschaltet, oder es ist nach falschen Passwörtern oder wegen Auffälligkeiten gesperrt.',
    remedy:
      'Bitten Sie Ihre IT oder Ihren Anbieter, das Konto freizugeben, und öffnen Sie dann Ihren Link noch einmal.',
  },
  notAtThisHour: {
    heading: 'Dieses Konto darf sich zu dieser Stunde nicht anmelden',
    description: 'Ihre Organisation erlaubt Anmeldungen dieses Kontos nur zu bestimmten Zeiten.',
    remedy: 'Öffnen Sie Ihren Link zu einer erlaubten Zeit noch einmal, oder sprechen Sie mit Ihrer IT.',
  },
  directoryAway: {
    heading: 'Das Verzeichnis Ihrer Organisation hat nicht geantwortet',
    description: 'Microsoft konnte das Konto nicht beim Verzeichnis Ihrer Organisation prüfen.',
    remedy: 'Versuchen Sie es in einigen Minuten noch einmal. Bleibt es so, zeigen Sie diese Seite Ihrer IT.',
  },
  passwordAtProvider: {
    heading: 'Das Passwort muss erst erneuert werden',
    description: 'Das Passwort dieses Kontos ist abgelaufen oder muss geändert werden.',
    remedy:
      'Melden Sie sich einmal bei Ihrem Anbieter an, erneuern Sie dort das Passwort und öffnen Sie dann Ihren Link noch einmal.',
  },
  signInAgain: {
    heading: 'Bitte melden Sie sich noch einmal an',
    description: 'Die Anmeldung wurde unterbrochen oder gilt nicht mehr.',
    remedy: 'Öffnen Sie Ihren Link noch einmal und führen Sie alle Schritte der Anmeldeseite zu Ende.',
  },
  appOff: {
    heading: 'Die Anwendung ist in Ihrer Organisation abgeschaltet',
    description: 'Ihre Organisation hat diese Anwendung bei Microsoft abgeschaltet.',
    remedy: 'Bitten Sie Ihre IT, die Anwendung in Entra unter „Unternehmensanwendungen“ wieder zuzulassen.',
  },
  noMailService: {
    heading: 'Ihre Organisation hat keine Mail bei Microsoft',
    description: 'In dieser Organisation gibt es den Maildienst von Microsoft nicht, oder er ist abgeschaltet.',
    remedy: 'Fragen Sie Ihre IT, wo das Postfach liegt und ob Exchange Online dafür lizenziert ist.',
  },
  noSuchMailbox: {
    heading: 'Dieses Postfach gibt es nicht',
    description: 'Microsoft kennt unter dieser Adresse kein Postfach, das sich öffnen lässt.',
    remedy: 'Prüfen Sie die Adresse. Stimmt sie, fragen Sie Ihre IT, ob das Postfach eine Exchange-Lizenz hat.',
  },
  accessDenied: {
    heading: 'Das Recht, dieses Postfach zu öffnen, fehlt',
    description: 'Die Anmeldung hat geklappt, aber dem Konto oder der Anwendung fehlt ein Recht für dieses Postfach.',
    remedy:
      'Ihre IT prüft, ob die Adresse zu diesem Konto gehört, ob es Vollzugriff und „Senden als“ hat und ob die Anwendung das Postfach öffnen darf.',
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
}

/** What no page of a link is known to meet, so that a German page still says it in German. */
export const deOther = {
  description: 'Der Maildienst hat das nicht angenommen.',
  remedy: 'Versuchen Sie es in einigen Minuten noch einmal. Bleibt es so, zeigen Sie diese Seite Ihrer IT.',
}
