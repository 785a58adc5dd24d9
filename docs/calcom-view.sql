-- What calendar-sync may read of Cal.com's database: bookings, their references to events, and destination calendars.
-- No guest, no title, no e-mail address but the names of calendars.
--
-- Run it as the owner of Cal.com's tables, with psql, in Cal.com's database:
--   psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -f calcom-view.sql
-- Then give the role a password (\password calendar_sync), and set
--   CALCOM_DATABASE_URL=postgresql://calendar_sync:PASSWORD@HOST:5432/DATABASE
-- It can be run again: after an update of Cal.com or of calendar-sync. PostgreSQL refuses to change a column that a view
-- reads. If an update of Cal.com stops for that reason, run DROP SCHEMA calendar_sync CASCADE, update, and run this again.

BEGIN;

DROP SCHEMA IF EXISTS calendar_sync CASCADE;
CREATE SCHEMA calendar_sync;

-- Times are without zone, in UTC, as Cal.com keeps them: so its index on startTime serves.
CREATE VIEW calendar_sync.booking AS
SELECT
  b.id AS booking_id,
  b.uid AS booking_uid,
  b."userId" AS user_id,
  b.status::text AS status,
  b."startTime" AS start_time,
  b."endTime" AS end_time,
  b."createdAt" AS created_at,
  e.length AS event_length,
  e."requiresConfirmation" AS requires_confirmation,
  -- Guests share it.
  e."seatsPerTimeSlot" IS NOT NULL AS seats,
  nullif(b."fromReschedule", '') AS rescheduled_from_uid,
  -- A booking with seats that one guest has left goes on: it is not marked as rescheduled.
  CASE
    WHEN b.rescheduled THEN (
      SELECT n.uid FROM public."Booking" n WHERE n."fromReschedule" = b.uid ORDER BY n.id DESC LIMIT 1
    )
  END AS rescheduled_to_uid,
  -- The marks of Cal.com's own calendar sync: when the event was changed that moved the booking, and whether it ended it.
  CASE
    WHEN b.metadata ->> 'calendarSubscriptionEvent' <> '' THEN
      coalesce(substring(b.metadata ->> 'calendarSubscriptionEvent' FROM '"updatedAt":"([^"]*)"'), '')
  END AS moved_by_sync_at,
  coalesce(
    b."cancellationReason" = 'Cancelled on user''s calendar'
      AND (b."cancelledBy" IS NULL OR u.email IS NULL OR lower(b."cancelledBy") = lower(u.email)),
    false
  ) AS ended_by_sync
FROM public."Booking" b
LEFT JOIN public."EventType" e ON e.id = b."eventTypeId"
LEFT JOIN public."User" u ON u.id = b."userId";

-- References to events of Google's that were not withdrawn. event_id is empty where Cal.com has not named the event yet.
CREATE VIEW calendar_sync.booking_reference AS
SELECT
  r.id AS reference_id,
  b.uid AS booking_uid,
  r.uid AS event_id,
  nullif(r."externalCalendarId", '') AS calendar_id,
  nullif(r."thirdPartyRecurringEventId", '') AS recurring_event_id
FROM public."BookingReference" r
JOIN public."Booking" b ON b.id = r."bookingId"
WHERE r.type = 'google_calendar' AND r.deleted IS NOT TRUE;

-- The calendar into which Cal.com writes: the booking's own, else its event type's, else its host's.
CREATE VIEW calendar_sync.destination_calendar AS
SELECT
  b.uid AS booking_uid,
  d."externalId" AS calendar_id,
  d."credentialId" AS credential_id
FROM public."Booking" b
JOIN LATERAL (
  SELECT c."externalId", c."credentialId", c.integration
  FROM public."DestinationCalendar" c
  WHERE c.id = b."destinationCalendarId" OR c."eventTypeId" = b."eventTypeId" OR c."userId" = b."userId"
  ORDER BY (c.id = b."destinationCalendarId") IS TRUE DESC, (c."eventTypeId" = b."eventTypeId") IS TRUE DESC
  LIMIT 1
) d ON d.integration = 'google_calendar';

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'calendar_sync') THEN
    CREATE ROLE calendar_sync LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT CONNECTION LIMIT 20;
  END IF;
END
$$;
ALTER ROLE calendar_sync SET default_transaction_read_only = on;
ALTER ROLE calendar_sync SET statement_timeout = '10s';
GRANT USAGE ON SCHEMA calendar_sync TO calendar_sync;
GRANT SELECT ON ALL TABLES IN SCHEMA calendar_sync TO calendar_sync;

COMMIT;
