import { breakable, html } from '../html.js'
import { deOther, deProblems } from './de-problems.js'
import type { Texts } from './en.js'

const directions = { reading: 'das Lesen', sending: 'das Senden' }
const servers = { imap: 'eingehende Mail', smtp: 'ausgehende Mail' }
const fieldNames: Record<string, string> = {
  username: 'Der Benutzername',
  password: 'Das Passwort',
  delegate: 'Ihre eigene Adresse',
}
const changeNames = {
  provider: 'einem anderen Anbieter',
  server: 'anderen Mailservern',
  identity: 'einem anderen Konto',
}

export const de: Texts = {
  lang: 'de',
  problems: deProblems,
  otherProblem: deOther,
  connect: {
    title: (again) => (again ? 'Postfach neu verbinden' : 'Postfach verbinden'),
    heading: (again, address) => html`${breakable(address)} ${again ? 'neu verbinden' : 'verbinden'}`,
    asks: (again, tenant) =>
      again
        ? html`<strong>${tenant}</strong> hatte Zugriff auf dieses Postfach und bittet Sie, sich neu anzumelden.`
        : html`<strong>${tenant}</strong> bittet um Zugriff auf dieses Postfach.`,
    onlyIf: 'Machen Sie nur weiter, wenn Sie diese Anfrage erwartet haben.',
    organisation: 'Organisation, die Zugriff erhält',
    mailbox: 'Postfach',
    signInAs: 'Anmelden als',
    sharedHint:
      'Das ist ein freigegebenes Postfach: Sie melden sich mit Ihrem eigenen Konto an, das dafür Vollzugriff und „Senden als“ hat.',
    ableTo: 'Die Organisation wird Folgendes können',
    changes: (allowed, tenant) =>
      `Dieser Link darf das Postfach mit ${allowed.map((one) => changeNames[one]).join(' und ')} als bisher verbinden. ${tenant} hat ihn so verlangt. Wenn Sie das nicht erwartet haben, schließen Sie die Seite und fragen Sie dort zuerst nach.`,
    sendOnly:
      'Es wird nur um das Senden gebeten: Ihre Mail kann nicht gelesen werden. Geht die Antwort auf eine Mail unterwegs verloren, kann niemand nachsehen, ob sie gesendet wurde.',
    sendFirst: 'Jetzt zum Senden verbinden',
    sendFirstSummary: 'Verlangt Ihre Organisation die Genehmigung der Administration?',
    sendFirstText: (tenant) =>
      `In vielen Organisationen darf nur die Administration das Lesen von Mail genehmigen, das Senden aber alle selbst. Verbinden Sie das Postfach jetzt zum Senden: Das Lesen beginnt bei ${tenant} von selbst, sobald die Administration es genehmigt hat, und Sie müssen nicht wiederkommen.`,
    continueWith: (provider) => `Weiter mit ${provider}`,
    atProvider: (provider) => `Sie melden sich auf der Seite von ${provider} an. Ihr Passwort ist hier nie zu sehen.`,
    notSetUp: (tenant, providers) =>
      `Die Anmeldung mit ${providers.join(' oder ')} ist bei ${tenant} noch nicht eingerichtet. Bitten Sie die Administration, eine App-Registrierung anzulegen.`,
    passwordFirst: 'Mit Benutzername und Passwort anmelden',
    passwordInstead: 'Stattdessen Benutzername und Passwort verwenden',
    insteadAt: (provider) => `Dieses Postfach liegt doch bei ${provider}`,
    looksLikeMicrosoft:
      'Das sieht nach einem Postfach bei Microsoft aus. Microsoft hat Passwörter für fast alle abgeschaltet, daher wird es so vermutlich nicht gehen. Machen Sie stattdessen mit Microsoft weiter.',
    looksLikeGoogle: (link) =>
      html`Das sieht nach einem Postfach bei Google aus. Google verlangt hier ein <em>App-Passwort</em>; Ihr übliches Passwort geht nicht. Legen Sie eines unter ${link} an und geben Sie es unten ein.`,
    shared: 'Das ist ein freigegebenes Postfach',
    sharedText: (address) =>
      `Ist ${address} ein freigegebenes Postfach, so meldet sich niemand als dieses Postfach an. Geben Sie Ihre eigene Adresse an und melden Sie sich mit Ihrem eigenen Konto an: Es braucht Vollzugriff zum Lesen und „Senden als“ zum Senden. Beides erteilt Ihre IT im Exchange Admin Center.`,
    sharedConfirm: (tenant) => `Danach bestätigt die Administration von ${tenant}, dass Sie es waren.`,
    delegate: 'Ihre eigene Adresse',
    evidence: ({ about, evidence }) => {
      if (about === undefined) return evidence
      const { domain, host } = about
      const said = {
        mail: `Mail für ${domain} kommt bei ${host} an.`,
        settings: `Die öffentlichen Mail-Einstellungen von ${domain} nennen ${host}.`,
        nothing: `Öffentlich ist nicht zu erfahren, wo die Mail von ${domain} liegt.`,
        asked: `${domain} fragt nach diesem Postfach bei ${host}.`,
        stored: `Dieses Postfach war bei ${host} verbunden.`,
      }
      return said[about.by]
    },
    cancel: 'Abbrechen, nicht verbinden',
    notSure: 'Nicht sicher? Schließen Sie diese Seite: es wurde nichts verbunden.',
    outOfDate:
      'Die Seite war veraltet, daher wurde nichts gesendet. Hier ist sie noch einmal; Cookies müssen erlaubt sein.',
  },
  able: {
    read: 'Mail lesen, die in diesem Postfach ankommt, und sie markieren, verschieben oder löschen, wenn das eingestellt ist',
    readOnly: 'Mail lesen, die in diesem Postfach ankommt; sie bleibt dort, wie sie ist',
    send: 'Mail im Namen dieses Postfachs senden',
    keep: 'Beides auch, wenn Sie nicht angemeldet sind, bis Sie oder Ihre IT die Verbindung trennen',
  },
  form: {
    username: 'Benutzername',
    password: 'Passwort oder App-Passwort',
    server: (kind) => (kind === 'imap' ? 'Eingehende Mail (IMAP)' : 'Ausgehende Mail (SMTP)'),
    host: 'Server',
    port: 'Port',
    encryption: 'Verschlüsselung',
    check: 'Prüfen und weiter',
    takes: 'Das Passwort wird jetzt an den Mailservern ausprobiert. Das kann zehn Sekunden dauern.',
    missing: (field) => `${fieldNames[field] ?? field} fehlt oder ist zu lang.`,
    badHost: 'Geben Sie den Namen eines Mailservers ein, zum Beispiel mail.example.com.',
    badPort: (kind) =>
      kind === 'imap'
        ? 'Geben Sie den Port des Mailservers ein: 993, oder 143 mit STARTTLS.'
        : 'Geben Sie den Port des Mailservers ein: 465, oder 587 mit STARTTLS.',
    badTls: 'Wählen Sie TLS oder STARTTLS.',
    badAddress: 'Geben Sie eine Mailadresse ein, zum Beispiel name@example.com.',
    unreachable: ({ kind, host, port }) =>
      `Der Server für ${servers[kind]}, ${host}, Port ${port}, war nicht erreichbar.`,
    asBefore: (host) => (host === '' ? 'Geben Sie den bisherigen Server ein.' : `Geben Sie ${host} ein, wie bisher.`),
    answers: ({ kind, host, port }, words) =>
      `Der Server für ${servers[kind]}, ${host}, Port ${port}, antwortet: ${words}`,
    refused: ({ kind, host, port }) =>
      `Der Server für ${servers[kind]}, ${host}, Port ${port}, hat das nicht angenommen.`,
  },
  verdict: {
    works: 'Funktioniert',
    fails: 'Funktioniert noch nicht',
    untested: 'Noch nicht geprüft',
    helps: 'Was hilft:',
    signIn: 'Anmeldung',
    reading: 'Mail lesen',
    sending: 'Mail senden',
    signedInAs: (user) => `Angemeldet als ${user}.`,
    accepted: 'Die Anmeldung wurde angenommen.',
    notChecked: 'Die Anmeldung wurde nicht geprüft.',
    readable: 'Neue Mail kann gelesen werden.',
    readLater: 'Das Lesen wird beim ersten Blick in das Postfach geprüft.',
    sendable: 'Der Maildienst nimmt von diesem Postfach Mail zum Senden an.',
    sendLater:
      'Es wurde noch keine Mail gesendet. Ob das Senden geht, zeigt die erste Mail oder eine Testmail der Administration.',
    unanswered:
      'Der Server hat gerade nicht geantwortet. Er bleibt eingestellt wie bisher, und es wird von selbst weiter versucht.',
    both: 'Mail lesen und senden',
  },
  result: {
    connected: 'ist verbunden',
    connectedForSending: 'ist zum Senden verbunden',
    sendingFirst: (tenant) =>
      html`<strong>${tenant}</strong> kann von jetzt an mit diesem Postfach senden. Das Lesen beginnt von selbst, sobald die Administration Ihrer Organisation es genehmigt hat. Sie müssen nur noch den Link unten weitergeben.`,
    connectedBroken: 'ist verbunden, funktioniert aber noch nicht',
    oneMore: 'Noch ein Schritt',
    signedIn: 'Sie sind angemeldet',
    waiting: 'Sie sind fertig; jetzt bestätigt die Administration',
    noMail: 'Dafür wurde keine Mail geöffnet.',
    failing: (tenant, failing) =>
      html`<strong>${tenant}</strong> hat Zugriff, aber ${failing.map((one) => directions[one]).join(' und ')} geht noch nicht. Es wird von selbst weiter versucht; unten steht, was hilft.`,
    done: (tenant) =>
      html`<strong>${tenant}</strong> kann dieses Postfach von jetzt an benutzen. Sie können diese Seite schließen.`,
    goBack:
      'Ihre Anmeldung hat geklappt. Gehen Sie innerhalb von zehn Minuten zur Anwendung zurück, um fertig zu werden; bis dahin ist nichts verbunden.',
    pending: (tenant, until) =>
      html`Danke. Die Administration von <strong>${tenant}</strong> wurde verständigt und hat bis ${until} Zeit, das Postfach zu bestätigen; bis dahin ist nichts verbunden. Sie können diese Seite schließen.`,
    thanks: 'Danke. Sie können diese Seite schließen.',
    finish: (host) => `In der Anwendung fertigstellen (${host})`,
    back: (host) => `Zurück zur Anwendung (${host})`,
    footer: (tenant, address) => `Organisation: ${tenant}. Postfach: ${address}.`,
  },
  error: {
    byClass: {
      transient: 'Bitte versuchen Sie es gleich noch einmal',
      permanent: 'Das hat nicht funktioniert',
      'needs-admin': 'Hier muss Ihre IT helfen',
      'needs-reconnect': 'Die Anmeldung hat nicht funktioniert',
    },
    helps: 'Was hilft:',
    transient: 'Das geht gewöhnlich von selbst vorüber.',
    operator: 'Nur wer diesen Dienst betreibt, kann das lösen.',
    administrator: 'Ihre IT kann das lösen. Zeigen Sie dort diese Seite.',
    nothing: 'Durch diesen Versuch wurde nichts verbunden.',
    forAdministrator: 'Für Ihre IT',
    forOperator: 'Für alle, die die Anwendung betreiben',
    passOn: 'Geben Sie diesen Text weiter; er sagt, was zu tun ist.',
    mailText: 'Eine Mail mit diesem Text schreiben',
    handOver: (to) =>
      `Beim Verbinden meines Postfachs sagte die Seite: „${to.description} ${to.remedy}“ Anwendung: ${to.application}, Client-ID ${to.clientId}.${to.account === '' ? '' : ` Konto: ${to.account}.`} Code: ${to.code}.`,
    noApproval: 'Es antwortet niemand? Schicken Sie Ihrer IT einen Link',
    maybeApproval: 'Stand auf der Seite, dass eine Administratorgenehmigung nötig ist?',
    sendLink:
      'Schicken Sie diesen Link an die Administration Ihrer Organisation. Er zeigt, worum es geht, und funktioniert einen Tag lang.',
    mailLink: 'Eine Mail mit diesem Link schreiben',
    mailSubject: 'Bitte eine Anwendung für unsere Mail genehmigen',
    mailBody: (link) =>
      `Bitte diesen Link öffnen und die Anwendung für unser Microsoft 365 genehmigen. Er zeigt, wer worum bittet, und funktioniert einen Tag lang:\n\n${link}\n`,
    sharedHint: (address) =>
      `Ist ${address} ein freigegebenes Postfach? Als freigegebenes Postfach meldet sich niemand an. Öffnen Sie Ihren Link noch einmal, wählen Sie „Das ist ein freigegebenes Postfach“ und geben Sie Ihre eigene Adresse an; Ihr Konto braucht dafür Vollzugriff und „Senden als“.`,
    retry: 'Noch einmal versuchen',
    tryLater: 'Warten Sie einige Minuten und versuchen Sie es dann mit demselben Link noch einmal.',
    openAgain: 'Ihren Link noch einmal öffnen',
    seeHow: 'Sehen, wie es ausging',
    lookAgain: 'Noch einmal nachsehen',
    openLink: 'Den Link öffnen',
    requestId: (id) => html`Wenn Sie um Hilfe bitten, nennen Sie diese Vorgangsnummer: ${id}`,
    code: 'Code:',
  },
  cancelled: {
    title: 'Abgebrochen',
    what: (address) =>
      address === '' ? html`Es wurde nichts erlaubt` : html`<strong>${address}</strong> wurde nicht verbunden`,
    text: (what, tenant, address) =>
      html`${what}, und <strong>${tenant}</strong> hat keinen neuen Zugriff auf ${address === '' ? 'Ihre Organisation' : 'das Postfach'}. Der Link funktioniert nicht mehr.`,
    changed: 'Doch noch verbinden? Lassen Sie sich einen neuen Link geben.',
    close: 'Sie können diese Seite schließen.',
  },
  checking: {
    title: 'Das Postfach wird geprüft …',
    text: 'Sie sind angemeldet. Jetzt wird geprüft, was im Postfach funktioniert. Das dauert bis zu zehn Sekunden; diese Seite geht von selbst weiter.',
    goOn: 'Weiter',
  },
  consent: {
    title: 'Zugriff für Ihre Organisation erlauben',
    heading: (tenant) => `${tenant} für Ihre Organisation erlauben`,
    intro: (tenant) =>
      html`Diese Seite ist für die Administration von Microsoft 365. <strong>${tenant}</strong> bittet um eine Berechtigung, die für Ihre ganze Organisation gilt.`,
    able: (appOnly) => (appOnly ? 'In jedem Postfach wird möglich' : 'Alle können dann Folgendes erlauben'),
    read: (appOnly) =>
      `Mail lesen, die ${appOnly ? '' : 'in ihrem Postfach '}ankommt, und sie markieren, verschieben oder löschen, wenn das eingestellt ist`,
    readOnly: (appOnly) =>
      `Mail lesen, die ${appOnly ? '' : 'in ihrem Postfach '}ankommt; sie bleibt dort, wie sie ist`,
    named: (appOnly, names) =>
      appOnly
        ? `Anwendungsberechtigungen, die dafür nötig sind: ${names}. Die Seite von Microsoft zeigt alles, was in der App-Registrierung steht.`
        : `Auf der Seite von Microsoft heißen diese Berechtigungen: ${names}.`,
    send: (appOnly) => `Mail im Namen ${appOnly ? 'des Postfachs' : 'ihres Postfachs'} senden`,
    keep: (appOnly) =>
      appOnly
        ? 'Beides, ohne dass jemand angemeldet ist, bis Sie es in Microsoft Entra zurückziehen'
        : 'Beides auch, wenn sie nicht angemeldet sind, bis sie oder Sie es beenden',
    limit: 'Sie können es in Exchange Online auf ausgewählte Postfächer beschränken (RBAC für Anwendungen).',
    nobody: 'Dadurch wird kein Postfach verbunden; alle entscheiden weiterhin selbst über ihr eigenes.',
    twice: (tenant) =>
      `Microsoft fragt Sie zweimal: zuerst nach der Berechtigung, dann, wer Sie sind, damit ${tenant} sieht, wer sie erteilt hat.`,
    cancel: 'Abbrechen, nicht erlauben',
    notSure: 'Nicht sicher? Schließen Sie diese Seite: es wurde nichts erlaubt.',
    allowed: 'Ihre Organisation hat es erlaubt',
    oneLeft: 'Danke, ein Schritt fehlt noch',
    pending: (tenant, until) =>
      html`Die Administration von <strong>${tenant}</strong> wurde verständigt und hat bis ${until} Zeit, es zu bestätigen; bis dahin ist nichts verbunden. Sie können diese Seite schließen.`,
    appOnlyDone: (tenant) =>
      html`<strong>${tenant}</strong> kann von jetzt an Postfächer Ihrer Organisation hinzufügen. Sie können diese Seite schließen.`,
    delegatedDone: (tenant) =>
      html`Alle in Ihrer Organisation können von jetzt an ihr Postfach mit <strong>${tenant}</strong> verbinden; wer aufgehalten wurde, öffnet den eigenen Link noch einmal. Postfächer, die schon senden und darauf gewartet haben, beginnen zu lesen. Es wurde dadurch kein Postfach verbunden. Sie können diese Seite schließen.`,
    permission: 'Berechtigung',
    givenBy: (user) => `Erteilt von ${user}.`,
    readLater: 'Das Lesen wird bei jedem hinzugefügten Postfach geprüft.',
    sendLater: 'Das Senden wird bei jedem hinzugefügten Postfach geprüft.',
    footer: (tenant) => `Organisation, die gefragt hat: ${tenant}.`,
  },
  exchange: {
    title: 'Noch ein Schritt, in Exchange Online',
    intro:
      'Für IMAP und SMTP muss auch Exchange die Anwendung kennen. Wer Exchange verwaltet, führt diese Befehle in PowerShell aus; die IDs sind die Ihrer Organisation.',
    once: 'Einmal für die Anwendung (die Objekt-ID ist die der Unternehmensanwendung, nicht die der App-Registrierung):',
    each: 'Für jedes Postfach, mit dessen Adresse anstelle von mailbox@example.com:',
    wait: 'Exchange braucht bis zu zwei Stunden. Bis dahin schlägt die Anmeldung am Postfach fehl; die Prüfung des Postfachs sagt, welcher Schritt fehlt.',
  },
}
