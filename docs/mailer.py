#!/usr/bin/python3
"""mailer.py: sends what waits in the outbox, then waits for more (python3-psycopg2).

libpq's variables (PGDATABASE, PGUSER, ...) say where; the role has level portal.
SENDMAIL is the command that takes a message.
"""
import os
import select
import shlex
import subprocess
from email.message import EmailMessage
from email.headerregistry import Address

import psycopg2

SENDMAIL = shlex.split(os.environ.get("SENDMAIL", "/usr/sbin/sendmail -t -oi"))
SENDER = os.environ.get("MAIL_FROM", "osm@localhost")


def send(subject, name, email, number, data):
    """Hands one message to sendmail; raises what went wrong."""
    if not email:
        raise ValueError("no address")
    message = EmailMessage()
    message["From"] = SENDER
    message["To"] = Address(" ".join(name.split()), addr_spec=email)
    message["Subject"] = " ".join(subject.split())
    message["Message-ID"] = f"<osm-{number}@{SENDER.partition('@')[2]}>"
    message.set_content(f"{subject}\n{data}\n")
    subprocess.run(SENDMAIL, input=message.as_bytes(), check=True, capture_output=True)


def send_all(cursor):
    """Claims until nothing is left; every statement commits by itself."""
    while True:
        cursor.execute("SELECT subject, recipient_name, email, id, data::text"
                       "  FROM osm.claim_notifications(50, '2 minutes')")
        batch = cursor.fetchall()
        if not batch:
            return
        for row in batch:
            try:
                send(*row)
            except (ValueError, OSError, subprocess.CalledProcessError) as error:
                cursor.execute("SELECT osm.fail_notification(%s, %s)", (row[3], str(error)))
            else:
                cursor.execute("SELECT osm.confirm_notification(%s)", (row[3],))


connection = psycopg2.connect(application_name="mailer")
connection.autocommit = True
with connection.cursor() as outbox:
    outbox.execute("LISTEN osm_workflow")
    while True:
        send_all(outbox)
        if os.environ.get("MAIL_ONCE"):
            break
        # A lease that ended while no worker runs is found within a minute.
        select.select([connection], [], [], 60)
        connection.poll()
        del connection.notifies[:]
