import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { signedInWithCodes } from "../../app/start";
import { firstToken, gate, invited } from "../../app/place";
import type { Gate } from "../../app/place";
import { Bar } from "../../components/Bar/Bar";
import { Field, Problem, Seg } from "../../components/Field/Field";
import { MainLine, PhoneLine } from "../../components/PhoneLine/PhoneLine";
import { useDeed } from "../../components/useDeed";
import { youthLines } from "../../device/helplines";
import { post } from "../../net/http";
import { common, entry as words, groupsText } from "../../text/en";
import type { FirstCoordinator, Recover, SignIn as SignInBody, SignUp as SignUpBody, SignedIn } from "../../wire/frames";

type Shown = Extract<Gate, { is: "out" }>["show"];
const show = (next: Shown) => (gate.value = { is: "out", show: next, revoked: false });

interface EntryFrameProps {
  screen: string;
  children: ComponentChildren;
  back?: Shown;
}

function EntryFrame({ screen, children, back }: EntryFrameProps) {
  return (
    <div class="screen" data-screen={screen}>
      <Bar title={common.name} heading={false} conn={false} onBack={back ? () => show(back) : undefined} />
      <main class="page">{children}</main>
    </div>
  );
}

export function Welcome({ revoked }: { revoked: boolean }) {
  const first = firstToken.value;
  const say = first ? words.firstSay : invited.value ? words.inviteSay : words.welcome;
  const lead = first ? words.firstLead : invited.value ? words.inviteLead : words.peers;
  if (first) return <SignUp />;
  return (
    <EntryFrame screen="welcome">
      {revoked && (
        <p class="problem" role="alert">
          <b>{words.signedOutElsewhere}</b> {words.signedOutElsewhereLead}
        </p>
      )}
      <h1 class="say">{say}</h1>
      <p class="lead">{lead}</p>
      <div class="stack-2">
        <button class="btn ink big wide" type="button" onClick={() => show("sign_up")}>
          {words.signUp}
        </button>
        <button class="btn big wide" type="button" onClick={() => show("sign_in")}>
          {words.signIn}
        </button>
      </div>
      <MainLine />
      <button class="btn bare start" type="button" onClick={() => show("lines")}>
        {groupsText.helplines}
      </button>
    </EntryFrame>
  );
}

/** Also for the first coordinator, whose link carries a token that works once. */
export function SignUp() {
  const login = useSignal("");
  const passphrase = useSignal("");
  const adult = useSignal<"yes" | "no" | null>(null);
  const { busy, trouble, run, fail } = useDeed();
  const first = firstToken.value;
  const send = () =>
    run(async () => {
      const body: SignUpBody = { login: login.value.trim(), passphrase: passphrase.value, adult: adult.value === "yes" };
      const answer = first
        ? await post<SignedIn>("/api/coordinator", { ...body, token: first } satisfies FirstCoordinator)
        : await post<SignedIn>("/api/sign-up", body);
      firstToken.value = null;
      signedInWithCodes(answer);
    });
  return (
    <EntryFrame screen="sign-up" back="welcome">
      <h1 class="say">{first ? words.firstSay : words.signUp}</h1>
      {first && <p class="lead">{words.firstLead}</p>}
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (adult.value === "no") show("youth");
          else if (adult.value === null) fail({ code: "", sentence: words.adultMissing, todo: "" });
          else void send();
        }}
      >
        <Field label={words.login} value={login} hint={words.loginHint} autocomplete="username" maxLength={32} required />
        <Field label={words.passphrase} value={passphrase} hint={words.passphraseHint} type="password" autocomplete="new-password" maxLength={200} required />
        <Seg
          legend={words.adult}
          value={adult.value}
          onChange={(value) => (adult.value = value)}
          options={[
            ["yes", words.adultYes],
            ["no", words.adultNo],
          ]}
        />
        <Problem of={trouble} />
        <button class="btn ink big wide" type="submit" disabled={busy}>
          {words.makeAccount}
        </button>
      </form>
      <button class="btn bare start" type="button" onClick={() => show("sign_in")}>
        {words.haveAccount}
      </button>
    </EntryFrame>
  );
}

export function SignIn({ revoked }: { revoked: boolean }) {
  const login = useSignal("");
  const passphrase = useSignal("");
  const { busy, trouble, run } = useDeed();
  return (
    <EntryFrame screen="sign-in" back="welcome">
      {revoked && (
        <p class="problem" role="alert">
          <b>{words.signedOutElsewhere}</b> {words.signedOutElsewhereLead}
        </p>
      )}
      <h1 class="say">{words.signIn}</h1>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          const body: SignInBody = { login: login.value.trim(), passphrase: passphrase.value };
          void run(async () => signedInWithCodes(await post<SignedIn>("/api/sign-in", body)));
        }}
      >
        <Field label={words.loginAgain} value={login} autocomplete="username" maxLength={32} required />
        <Field label={words.passphrase} value={passphrase} type="password" autocomplete="current-password" maxLength={200} required />
        <Problem of={trouble} />
        <button class="btn ink big wide" type="submit" disabled={busy}>
          {words.signIn}
        </button>
      </form>
      <div class="line">
        <button class="btn bare start" type="button" onClick={() => show("recover")}>
          {words.recoverLink}
        </button>
        <button class="btn bare start" type="button" onClick={() => show("sign_up")}>
          {words.noAccount}
        </button>
      </div>
    </EntryFrame>
  );
}

export function RecoverScreen() {
  const login = useSignal("");
  const code = useSignal("");
  const passphrase = useSignal("");
  const { busy, trouble, run } = useDeed();
  return (
    <EntryFrame screen="recover" back="sign_in">
      <h1 class="say">{words.recoverSay}</h1>
      <p class="lead">{words.recoverLead}</p>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          const body: Recover = { login: login.value.trim(), code: code.value.trim(), new_passphrase: passphrase.value };
          void run(async () => signedInWithCodes(await post<SignedIn>("/api/recover", body)));
        }}
      >
        <Field label={words.loginAgain} value={login} autocomplete="username" maxLength={32} required />
        <Field label={words.code} value={code} maxLength={40} required />
        <Field label={words.newPassphrase} value={passphrase} hint={words.passphraseHint} type="password" autocomplete="new-password" maxLength={200} required />
        <Problem of={trouble} />
        <button class="btn ink big wide" type="submit" disabled={busy}>
          {words.recover}
        </button>
      </form>
    </EntryFrame>
  );
}

/** Someone who says they are under 18 is shown youth lines instead (CB6). */
export function Youth() {
  const lines = youthLines.value;
  return (
    <EntryFrame screen="youth" back="welcome">
      <h1 class="say">{words.youthSay}</h1>
      <p class="lead">{words.youthLead}</p>
      <div class="stack-2">
        {lines.map((line) => (
          <PhoneLine key={line.number} number={line.number} sub={line.name} big={line === lines[0]} />
        ))}
        {lines.length === 0 && <MainLine big />}
      </div>
      <button class="btn bare start" type="button" onClick={() => show("lines")}>
        {groupsText.helplines}
      </button>
    </EntryFrame>
  );
}
