import { effect } from "@preact/signals";
import { onDesk } from "../app/cards";
import { watchDesk } from "../app/commands";
import { gate, go, place } from "../app/place";
import { Bar, ShiftNote } from "../components/Bar/Bar";
import { CardOverPage } from "../components/UrgentCard/UrgentCard";
import { live, me } from "../model/model";
import { Codes } from "../screens/Entry/Codes";
import { RecoverScreen, SignIn } from "../screens/Entry/Entry";
import { Locked } from "../screens/Entry/Locked";
import { Offline, Starting } from "../screens/Entry/Offline";
import { Helping } from "../screens/Helping/Helping";
import { PersonSheet } from "../screens/Person/PersonSheet";
import { oncall as words } from "../text/oncall.en";
import { CloseButton } from "./CloseButton";
import { Desk } from "./Desk";

export function OnCall() {
  return (
    <>
      <Screen />
      {gate.value.is === "in" && <CardOverPage />}
      {gate.value.is === "in" && <PersonSheet />}
      <ShiftNote />
    </>
  );
}

function Screen() {
  const state = gate.value;
  switch (state.is) {
    case "starting":
      return <Starting />;
    case "offline":
      return <Offline />;
    case "locked":
      return <Locked />;
    case "codes":
      return <Codes codes={state.codes} />;
    case "out":
      return state.show === "recover" ? <RecoverScreen /> : <SignIn revoked={state.revoked} />;
    case "in":
      return me.value?.volunteer || me.value?.coordinator ? <Inside /> : <NotOne />;
  }
}

function Inside() {
  const here = place.value;
  if (here.at !== "helping") return <Desk />;
  const back = () => go({ at: "groups" });
  return (
    <Helping
      key={here.call}
      call={here.call}
      onBack={back}
      backLabel={words.backToDesk}
      extra={(card) => <CloseButton call={card.call} onClosed={back} />}
    />
  );
}

function NotOne() {
  return (
    <div class="screen" data-screen="not-volunteer">
      <Bar title={words.title} heading={false} />
      <main class="page">
        <h1 class="say">{words.notVolunteer}</h1>
        <p class="lead">{words.notVolunteerLead}</p>
        <a class="btn big wide" href="/">
          {words.memberPage}
        </a>
      </main>
    </div>
  );
}

/** The desk is watched again after every reconnect. */
export function armDesk(): void {
  onDesk.value = true;
  effect(() => {
    if (live.value && (me.value?.volunteer || me.value?.coordinator)) watchDesk().catch(() => {});
  });
}
