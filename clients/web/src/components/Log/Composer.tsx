import { useId, useRef } from "preact/hooks";
import { say, typingIn } from "../../app/rooms";
import { Icon } from "../../icons/Icon";
import { drafts } from "../../model/model";
import { room as words } from "../../text/en";
import type { Entry } from "../../wire/frames";

interface ComposerProps {
  room: string;
  label: string;
  replyTo?: Entry | null;
  onReplied?: () => void;
}

export function Composer({ room, label, replyTo = null, onReplied }: ComposerProps) {
  const id = useId();
  const input = useRef<HTMLTextAreaElement>(null);
  const text = drafts.value.get(room) ?? "";
  const write = (next: string) => {
    drafts.value = new Map([...drafts.peek(), [room, next]]);
  };
  const send = () => {
    if (text.trim() === "") return;
    say(room, text.trim(), replyTo?.seq ?? null);
    write("");
    onReplied?.();
    input.current?.focus();
  };
  const touch = () => matchMedia("(pointer: coarse)").matches;
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {replyTo && (
        <p class="reply-to">
          <span>{words.replyTo(replyTo.author?.name ?? "")}</span>
          <button class="btn bare" type="button" onClick={onReplied}>
            {words.replyOff}
          </button>
        </p>
      )}
      <div>
        <label class="vh" for={id}>
          {label}
        </label>
        <textarea
          ref={input}
          id={id}
          class="input"
          rows={1}
          maxLength={4000}
          placeholder={words.placeholder}
          value={text}
          onInput={(event) => {
            write(event.currentTarget.value);
            typingIn(room);
          }}
          onKeyDown={(event) => {
            const sends = event.key === "Enter" && !event.isComposing && !event.shiftKey && (event.ctrlKey || event.metaKey || !touch());
            if (!sends) return;
            event.preventDefault();
            send();
          }}
        />
      </div>
      <button class="btn only sea" type="submit" aria-label={words.send}>
        <Icon name="send-horizontal" />
      </button>
    </form>
  );
}
