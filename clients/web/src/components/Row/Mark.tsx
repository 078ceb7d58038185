import "./Row.css";

/** How near a person is: dashed = asked, outline = reached, solid = you, chevron = coming, lit = here, struck = lost. */
export type Nearness = "you" | "asked" | "reached" | "coming" | "lit" | "lost";

const CLASSES: Record<Nearness, string> = {
  you: "mark",
  asked: "mark",
  reached: "mark",
  coming: "mark coming flip",
  lit: "mark lit",
  lost: "mark",
};

/** One person as a mark. Always decoration: words beside it say the same. */
export function Mark({ is, extra = "" }: { is: Nearness; extra?: string }) {
  const solid = is === "you" || is === "coming" ? "currentColor" : is === "lit" ? "var(--fill,currentColor)" : "none";
  const thin = is === "lost";
  return (
    <svg class={`${CLASSES[is]} ${extra}`} viewBox="0 0 14 36" aria-hidden="true">
      <g
        fill={solid}
        stroke="currentColor"
        stroke-width={thin ? 1.4 : is === "asked" ? 1.6 : 1.8}
        stroke-dasharray={is === "asked" ? "2 2" : undefined}
        opacity={thin ? 0.55 : undefined}
      >
        <circle cx="7" cy="6" r="4.75" />
        <rect x="2.5" y="13" width="9" height="22" rx="4.5" />
      </g>
      {is === "coming" && (
        <path d="M-3.5 20.5l-3.6 4 3.6 4" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" />
      )}
      {is === "lost" && <path d="M1 34 13 3" stroke="currentColor" stroke-width="1.8" />}
    </svg>
  );
}

/** The two marks on every button that brings people together. */
export function Duo({ both = false }: { both?: boolean }) {
  return (
    <span class="duo" aria-hidden="true">
      <Mark is="you" />
      <Mark is={both ? "you" : "reached"} />
    </span>
  );
}

export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 30 36" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2.4">
      <circle cx="9" cy="6.5" r="4.6" fill="currentColor" />
      <rect x="4.5" y="13.5" width="9" height="18" rx="4.5" fill="currentColor" />
      <circle cx="21" cy="6.5" r="4.6" fill="var(--lamp)" />
      <rect x="16.5" y="13.5" width="9" height="18" rx="4.5" fill="var(--lamp)" />
      <path d="M0 34.6h30" />
    </svg>
  );
}
