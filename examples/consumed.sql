-- What a consumer keeps beside Cal.com's tables: each event that it has decided, with what came of it.
CREATE TABLE calendar_sync_consumed (
  event_id text PRIMARY KEY,
  -- Of the feed; null where the event came by Kafka.
  position text,
  outcome text NOT NULL,
  code text,
  start_time timestamp(3),
  end_time timestamp(3),
  reported boolean NOT NULL DEFAULT false,
  decided_at timestamptz NOT NULL DEFAULT now()
);
