import { useSignal } from "@preact/signals";
import { findGroups } from "../../app/commands";
import { go } from "../../app/place";
import { Bar } from "../../components/Bar/Bar";
import { Problem } from "../../components/Field/Field";
import { LineStrip } from "../../components/LineStrip";
import { NeedDock } from "../../components/LampButton";
import { useDeed } from "../../components/useDeed";
import { Icon } from "../../icons/Icon";
import { groupOf, joinAnswers, search } from "../../model/model";
import { groupsText } from "../../text/en";
import { find as words } from "../../text/more.en";
import type { GroupCard } from "../../wire/frames";
import "./Find.css";

/** Search by keyword over what groups say of themselves; nothing else of them can be learned (GR1). */
export function Find() {
  const text = useSignal(search.peek().words);
  const { found } = search.value;
  const { run, trouble } = useDeed();
  const look = () =>
    run(async () => {
      search.value = { words: text.value, found: (await findGroups(text.value.trim())).groups };
    });
  return (
    <div class="screen" data-screen="find">
      <Bar title={words.title} onBack={() => go({ at: "groups" })} />
      <main class="page">
        <LineStrip />
        <form
          role="search"
          class="field"
          onSubmit={(event) => {
            event.preventDefault();
            void look();
          }}
        >
          <label for="find-words">{words.label}</label>
          <div class="composer">
            <input
              class="input"
              id="find-words"
              type="search"
              autocomplete="off"
              maxLength={200}
              value={text.value}
              onInput={(event) => (text.value = event.currentTarget.value)}
            />
            <button class="btn sea only" type="submit" aria-label={words.search}>
              <Icon name="search" />
            </button>
          </div>
        </form>
        <Problem of={trouble} />
        <p role="status">
          {found && (
            <>
              <b>{words.count(found.length)}</b> {found.length === 0 && words.noneDo}
            </>
          )}
        </p>
        {found && (
          <ul class="found">
            {found.map((card) => (
              <Result key={card.group} card={card} />
            ))}
          </ul>
        )}
        <button class="btn wide" type="button" onClick={() => go({ at: "create" })}>
          <Icon name="plus" />
          {groupsText.create}
        </button>
        <p class="quiet">{words.note}</p>
      </main>
      <NeedDock />
    </div>
  );
}

function Result({ card }: { card: GroupCard }) {
  const mine = groupOf(card.group);
  const answer = joinAnswers.value.find((one) => one.group === card.group);
  return (
    <li class="result">
      <h2>{card.name}</h2>
      <p>{card.blurb}</p>
      {card.tags.length > 0 && (
        <p class="line">
          {card.tags.map((tag) => (
            <span class="tag" key={tag}>
              {tag}
            </span>
          ))}
        </p>
      )}
      <dl>
        <div>
          <dt>{words.size}</dt>
          <dd>{words.sizes[card.size]}</dd>
        </div>
      </dl>
      {card.rules && (
        <details>
          <summary>{words.rules}</summary>
          <p class="small quiet words">{card.rules}</p>
        </details>
      )}
      {answer && !mine && (
        <p class="words">
          <b>{answer.answer === "declined" ? groupsText.notLetIn(card.name, answer.reason) : groupsText.notAnswered(card.name)}</b>
        </p>
      )}
      {mine ? (
        <button class="btn wide" type="button" onClick={() => go({ at: "room", group: card.group })}>
          {words.mine}
        </button>
      ) : (
        <button class="btn wide" type="button" onClick={() => go({ at: "join", card })}>
          {answer ? words.askAgain : words.ask}
          <span class="vh"> {card.name}</span>
        </button>
      )}
    </li>
  );
}
