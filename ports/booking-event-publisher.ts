import type { EngineProblem } from './engine-problem.ts'
import type { Position } from './event-store/event-store.ts'

/**
 * The mark up to which events were published: the last one's position and id, and the position before it. A reading of
 * the event store from `after` on finds that very event first, or shows that the store is another one.
 */
export type PublishedMark = {
  position: Position
  eventId: string
  after: Position
  /** The streams that wait behind an event that could not be published; left out if none does. */
  blocked?: readonly BlockedStream[]
}

/** A stream whose events from `revision` on were left out, because of the one at `position`. */
export type BlockedStream = { stream: string; revision: number; position: Position }

/**
 * A CloudEvent 1.0 ready to go out: its context attributes, extensions included, each as text, and its data as JSON
 * text. `subject` is the attribute of that name: events of one subject stay in order. Flat, as thousands are held.
 */
export type PublishableEvent = {
  subject: string
  attributes: { readonly [name: string]: string }
  data: string
}

/** Why a broker cannot be used. Another try may succeed, or an operator may have to act before it does. */
export type PublisherProblem = Exclude<EngineProblem, 'NOT_A_REPLICA_SET'>

/** It does not work now. `message` names the address or topic, never a secret. */
export type Unavailable = {
  ok: false
  error: 'UNAVAILABLE'
  problem: PublisherProblem
  message: string
  cause?: unknown
}

/** Another publisher took over, or the broker gave this one up for dead. */
export type Fenced = { ok: false; error: 'FENCED'; message: string }

/** Nothing of the batch was published, and others can be. A single event that is refused so can never be published. */
export type MessageTooLarge = { ok: false; error: 'MESSAGE_TOO_LARGE'; message: string }

/** `holdsEvents`: whether anything was ever published, whatever became of the mark. */
export type Begun = { ok: true; last: PublishedMark | undefined; holdsEvents: boolean }

/**
 * The events that are there for readers. `laneOf`: events of one lane are deleted together, oldest first, after a
 * while. It gives the lane of `subject`, and whether any of that lane were deleted.
 */
export type PublishedContents = {
  ok: true
  last: PublishedMark | undefined
  holdsEvents: boolean
  /** The id of every event that is there. */
  ids: ReadonlySet<string>
  laneOf(subject: string): { lane: number; trimmed: boolean }
  /** Whether nothing has come since. Certain after a `begin`: what is committed may take some moments to be seen. */
  isStillAll(): Promise<boolean>
}

/** Whether events can be published, and otherwise why not, in words for an operator. */
export type PublisherDescription =
  | { ok: true; sentence: string }
  | { ok: false; problem: PublisherProblem; message: string }

/**
 * Gives booking events to others, each one once and in order by subject, whoever dies when. There is one publisher at a
 * time: `begin` puts an end to all that began before it. No method rejects for what a broker does.
 */
export interface BookingEventPublisher {
  /**
   * Takes over: nothing that an earlier publisher has under way can come true after this. Then tells up to where events
   * were published. To be called at the start, and after any answer of `publish` that is FENCED or UNAVAILABLE.
   */
  begin(): Promise<Begun | Fenced | Unavailable>
  /**
   * Publishes all of `events`, in this order, together with `mark`, or nothing. After FENCED nothing was published;
   * after UNAVAILABLE that is unknown until `begin` tells. An empty list moves the mark alone. Throws where no `begin`
   * succeeded, or an earlier call has not ended.
   */
  publish(
    events: readonly PublishableEvent[],
    mark: PublishedMark,
  ): Promise<{ ok: true } | Fenced | Unavailable | MessageTooLarge>
  /** Reads all that is there, without taking over. Keeps an id of each event. */
  contents(): Promise<PublishedContents | Unavailable>
  /** Looks with connections of its own, and without taking over, whether publishing can work. Bounded: some seconds. */
  describe(): Promise<PublisherDescription>
  /** Lets go of all connections; what is under way has an unknown outcome. Safe to call twice. */
  close(): Promise<void>
}
