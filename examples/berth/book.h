/* berth book: what its parts share. */
#ifndef BERTH_PROGRAM_BOOK_H
#define BERTH_PROGRAM_BOOK_H

#include "booking_folder.h"
#include "prompt.h"

/* A longer command would make a row that no program reads, once its quotes are doubled. */
#define BOOK_COMMAND_MAX 2048
#define BOOK_IMAGE_MAX 512

/* What a question or a whole part came to: an exit code ends the dialogue. */
#define BOOK_GO (-1)

struct book {
    struct app *app;
    struct folder *folder;
    struct prompt prompt;
    struct berth_crypt crypt;
    char id_room[BERTH_USER_ID_MAX + 1];
    struct berth_text id;
    uint32_t user;
    char line[PROMPT_LINE_MAX]; /* the last answer */
    struct berth_text answer;

    /* The booking under way. */
    struct berth_capacity want;
    int64_t start_s, end_s;
    bool starts_now;                  /* the start was given as "now" */
    uint16_t port;                    /* 0: none yet */
    struct berth_text image, command; /* in the rooms below; absent: none */
    char image_room[BOOK_IMAGE_MAX], command_room[BOOK_COMMAND_MAX];
    int after_port; /* the step that follows the question for the port */
    int64_t room_s; /* with room_found: the earliest start, to be told */
    bool room_found;
    int code; /* how the dialogue ends */
};

/* ---- The dialogue's lines (book.c): BOOK_GO, or an exit code ---- */

/* There was no answer: whoever feeds a pipe is told. */
int book_no_answer(struct book *b, enum prompt_end end);
/* Shows QUESTION and reads b->answer, trimmed. An answer that is too long is one that no rule accepts. */
int book_ask(struct book *b, const char *question);
/* "QUESTION [y/n]: ", until it is answered. */
int book_ask_yes(struct book *b, const char *question, bool *out_yes);
/* A line of its own. */
void book_say(struct book *b, enum colour colour, const char *text);

/* ---- Users (book_user.c) ---- */

/* Asks for the id unless --user-id has it, and judges it. */
int book_find_user(struct book *b);
/* The password of somebody who has an entry. */
int book_log_in(struct book *b);
/* The first visit: a password, a port, an entry. */
int book_welcome(struct book *b);
/* S16 and S17 once; *out_stored false: refused (S18 was shown). */
int book_change_password(struct book *b, bool *out_stored);
/* Writes port, image and command of the booking as the user's own; *out_port_taken: another user has the port
 * by now, and nothing is written. */
int book_keep_options(struct book *b, bool *out_port_taken);

/* ---- The booking (book_booking.c) ---- */

/* From Q2 to the commit. */
int book_make(struct book *b);

/* The fixed texts, to the byte (wire page 5.3). */
#define BOOK_S1 "Please enter the password: "
#define BOOK_S2 "Wrong password, please enter the password: "
#define BOOK_S3 "ByeBye~~"
#define BOOK_S4 "Your Maximum Capability Information: cpus="
#define BOOK_S5 "Please enter the capability information 'cpus(float) memory(int) gpus(int)': "
#define BOOK_S6 "Over the maximum required."
#define BOOK_S7 "Wrong Input!"
#define BOOK_S8 "Please enter the start time 'YYYY MM DD hh mm': "
#define BOOK_S9 "Please enter the end time 'YYYY MM DD hh mm': "
#define BOOK_S10 "Booking successful!"
#define BOOK_S11 "There is not enough computing power for the time you need, book again."
#define BOOK_S12 "Please enter the forward port(default: "
#define BOOK_S13 "Please enter the image 'repository/tag'(default: "
#define BOOK_S12_END ", none by default): "
#define BOOK_S14 "Please enter the extra command when running the image. (default: None, none by default): "
#define BOOK_S15 "Do you want to update the password?"
#define BOOK_S16 "Please enter the new password: "
#define BOOK_S17 "Please enter the new password again: "
#define BOOK_S18 "Incorrect!!"
/* Ours. */
#define BOOK_T1 "Account: "
#define BOOK_T2 "Unknown account, ask the maintainer."
#define BOOK_T3 "First visit: choose a password."
#define BOOK_T4 "Restart requested."
#define BOOK_T5 "No running container."
#define BOOK_T6 "You already hold a booking then."
#define BOOK_T7 "Port not available."
#define BOOK_T8 "Image not in the list."
#define BOOK_T9 "Keep these options for later bookings?"
#define BOOK_T10 "Port taken during that time."

#endif
