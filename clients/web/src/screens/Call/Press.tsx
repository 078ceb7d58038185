import type { ComponentChildren } from "preact";
import { go } from "../../app/place";
import { tryNow } from "../../app/sender";
import { dropPress, pressedAt, stillWanted } from "../../app/urgent";
import { Bar } from "../../components/Bar/Bar";
import { LampButton } from "../../components/LampButton";
import { EmergencyLine, MainLine, PlanLine } from "../../components/PhoneLine/PhoneLine";
import { PlanCard } from "../../components/PlanCard/PlanCard";
import { Row } from "../../components/Row/Row";
import { useSettled } from "../../components/useSettled";
import { Icon } from "../../icons/Icon";
import { groupOf, live } from "../../model/model";
import type { Press } from "../../model/press";
import { call as ringing, common, line, unreached as words } from "../../text/en";
import { timeOfDay } from "../../text/words";

type Is<K extends Press["is"]> = Extract<Press, { is: K }>;

function drop(): void {
  dropPress();
  go({ at: "groups" });
}

function Frame({ screen, children, dock }: { screen: string; children: ComponentChildren; dock: ComponentChildren }) {
  return (
    <div class="screen" data-screen={screen}>
      <Bar title={common.name} heading={false} />
      <main class="page wide">{children}</main>
      <footer class="dock">
        <div class="inner">{dock}</div>
      </footer>
    </div>
  );
}

/** The first seconds: it goes out two ways at once. Numbers and plan are in view from the first (UC2). */
export function Sending() {
  return (
    <Frame
      screen="sending"
      dock={
        <>
          <button class="btn wide" type="button" onClick={drop}>
            {words.drop}
          </button>
          <p class="rest small quiet">{ringing.stopping}</p>
        </>
      }
    >
      <div class="stack">
        <h1 class="say">{ringing.sendingSay}</h1>
        <p class="lead" role="status">
          {ringing.sendingLead}
        </p>
        <Row tall stands={[{ marks: ["you"], label: ringing.markYou }]} />
      </div>
      <div class="stack">
        <MainLine />
        <PlanCard />
      </div>
    </Frame>
  );
}

/** The page's own fail-safe: no `ok` in 5 s. Still trying, and saying what is true (UC1, UC15). */
export function Unreached({ press }: { press: Is<"sending"> }) {
  return (
    <Frame
      screen="unreached"
      dock={
        <div class="pair">
          <button class="btn" type="button" onClick={tryNow}>
            <Icon name="refresh-cw" />
            {line.tryNow}
          </button>
          <button class="btn" type="button" onClick={drop}>
            {words.drop}
          </button>
        </div>
      }
    >
      <div class="stack">
        <h1 class="say">{words.say}</h1>
        <p class="lead" role="alert">
          {words.lead}
        </p>
        <MainLine big />
        <PlanLine />
        <EmergencyLine />
      </div>
      <div class="stack">
        <PlanCard />
        <section class="stack-2">
          <p>
            <b>{words.waiting}</b> {words.waitingLead}
          </p>
          <p class="small quiet num">{words.tried(press.tries)}</p>
        </section>
      </div>
    </Frame>
  );
}

/** Kept without a line for over 10 min: asked before it fires. */
export function Stale({ press }: { press: Is<"stale"> }) {
  const settled = useSettled();
  return (
    <Frame
      screen="stale"
      dock={
        <>
          <button class="btn wide" type="button" onClick={settled(drop)}>
            {words.staleNo}
          </button>
          <LampButton onClick={settled(stillWanted)}>{words.staleYes}</LampButton>
        </>
      }
    >
      <div class="stack">
        <h1 class="say">{words.staleSay}</h1>
        <p class="lead" role="alert">
          {words.staleLead(timeOfDay(pressedAt(press)))}
        </p>
        <MainLine big />
        <PlanLine />
        <EmergencyLine />
      </div>
      <div class="stack">
        <PlanCard />
      </div>
    </Frame>
  );
}

export function PressRefused({ press }: { press: Is<"refused"> }) {
  return (
    <Frame
      screen="press-refused"
      dock={
        <button class="btn wide" type="button" onClick={drop}>
          {common.back}
        </button>
      }
    >
      <div class="stack">
        <h1 class="say">{press.sentence}</h1>
        <p class="lead" role="alert">
          {press.todo}
        </p>
        <MainLine big />
        <PlanLine />
        <EmergencyLine />
      </div>
      <div class="stack">
        <PlanCard />
      </div>
    </Frame>
  );
}

/** The server has the call, and this page cannot see it: the line is down, or reading is locked. */
export function Blind() {
  return (
    <Frame screen="blind" dock={<p class="rest small quiet">{live.value ? common.loading : line.trying}</p>}>
      <div class="stack">
        <h1 class="say">{ringing.blindSay}</h1>
        <p class="lead" role="status">
          {live.value ? common.loading : ringing.blindLead}
        </p>
        <MainLine big />
        <PlanLine />
        <EmergencyLine />
      </div>
      <div class="stack">
        <PlanCard />
      </div>
    </Frame>
  );
}

/** The group's name, where it is known: a page that was never live does not know it. */
export const groupName = (group: string) => groupOf(group)?.name ?? common.name;
